/** True when an error of Node's carries this code (`ENOENT`, `EADDRINUSE`, …). Not by class: tests run in realms of their own. */
export function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
