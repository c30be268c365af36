/** The number that begins at `at`; undefined where none does. */
export function numberAt(text: string, at: number): number | undefined {
  let value = 0;
  let end = at;
  for (let digit = text.charCodeAt(end) - ZERO; digit >= 0 && digit <= 9; digit = text.charCodeAt(++end) - ZERO)
    value = value * 10 + digit;
  return end === at ? undefined : value;
}
const ZERO = 48;

/** A file of one number: `memory.current`. Undefined for `max`. */
export function onlyNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : numberAt(text, 0);
}
/** The value of a line `<key> <number>`: `memory.stat`, `cpu.stat`. */
export function keyedNumber(text: string | undefined, key: string): number | undefined {
  if (text === undefined) return undefined;
  if (text.startsWith(key) && text.charCodeAt(key.length) === SPACE) return numberAt(text, key.length + 1);
  const at = text.indexOf(`\n${key} `);
  return at === -1 ? undefined : numberAt(text, at + key.length + 2);
}
const SPACE = 32;

/**
 * The values of lines `<key> <number>` that come in this order, in one pass. Each needle is the key between a newline and a blank;
 * what is missing is undefined and costs the rest of the text.
 */
export function orderedNumbers(text: string | undefined, needles: readonly string[]): readonly (number | undefined)[] {
  let from = 0;
  return needles.map((needle) => {
    const at = text === undefined ? -1 : text.indexOf(needle, from);
    if (text === undefined || at === -1) return undefined;
    from = at + needle.length;
    return numberAt(text, from);
  });
}

/** `some … total=<microseconds>` of a pressure file, in nanoseconds. */
export function somePressureNanos(text: string | undefined): number | undefined {
  if (!text?.startsWith('some ')) return undefined;
  const at = text.indexOf('total=');
  const micros = at === -1 ? undefined : numberAt(text, at + 'total='.length);
  return micros === undefined ? undefined : micros * 1000;
}
/** The value of a line `<key>:  <number> kB` of /proc/meminfo, in bytes. */
export function meminfoBytes(text: string, key: string): number | undefined {
  const start = text.startsWith(`${key}:`) ? 0 : text.indexOf(`\n${key}:`) + 1;
  if (start === 0 && !text.startsWith(`${key}:`)) return undefined;
  let at = start + key.length + 1;
  while (text.charCodeAt(at) === SPACE) at++;
  const kib = numberAt(text, at);
  return kib === undefined ? undefined : kib * 1024;
}
