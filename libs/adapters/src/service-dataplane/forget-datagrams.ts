import type { ProgramEnd } from './run-program.js';

/** Ends what the kernel remembers of flows of UDP that match, in words of `conntrack`. Returns false where it is not installed. */
export async function forgetDatagrams(
  run: (words: readonly string[]) => Promise<ProgramEnd>,
  matching: readonly string[],
): Promise<boolean> {
  return (await run(['conntrack', '-D', '-p', 'udp', ...matching])).code !== undefined;
}
