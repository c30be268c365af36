/**
 * RFC 3339 as Kubernetes reads and writes it. What does not parse is told in the words of Go's time package, because
 * users see them.
 */
const TIME_LAYOUT = '2006-01-02T15:04:05Z07:00';
const MICRO_LAYOUT = '2006-01-02T15:04:05.000000Z07:00';

export type Parsed = { readonly text: string } | { readonly error: string };

/** A time in whole seconds and UTC; fractions are read and dropped. */
export function canonicalTime(text: string): Parsed {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) && inRange(text) === undefined) return { text };
  return parse(text, TIME_LAYOUT, false);
}

/** A time with exactly six digits of fraction, in UTC. */
export function canonicalMicroTime(text: string): Parsed {
  return parse(text, MICRO_LAYOUT, true);
}

interface Element {
  /** What Go's layout calls it in a message. */
  readonly name: string;
  readonly pattern: RegExp;
}
const ELEMENTS: readonly Element[] = [
  { name: '2006', pattern: /^\d{4}/ },
  { name: '-', pattern: /^-/ },
  { name: '01', pattern: /^\d\d/ },
  { name: '-', pattern: /^-/ },
  { name: '02', pattern: /^\d\d/ },
  { name: 'T', pattern: /^T/ },
  { name: '15', pattern: /^\d\d/ },
  { name: ':', pattern: /^:/ },
  { name: '04', pattern: /^\d\d/ },
  { name: ':', pattern: /^:/ },
  { name: '05', pattern: /^\d\d/ },
];
const ZONE: Element = { name: 'Z07:00', pattern: /^(Z|[+-]\d\d:\d\d)/ };

function parse(text: string, layout: string, micro: boolean): Parsed {
  let rest = text;
  const fraction: Element = micro ? { name: '.000000', pattern: /^\.\d{6}/ } : { name: '', pattern: /^([.,]\d+)?/ };
  for (const element of [...ELEMENTS, fraction, ZONE]) {
    const match = element.pattern.exec(rest);
    if (match === null) {
      return {
        error: `parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${quote(rest)} as ${quote(element.name)}`,
      };
    }
    rest = rest.slice(match[0].length);
  }
  if (rest !== '') return { error: `parsing time ${quote(text)}: extra text: ${quote(rest)}` };
  const wrong = inRange(text);
  if (wrong !== undefined) return { error: `parsing time ${quote(text)}: ${wrong} out of range` };
  return { text: inUtc(text, micro) };
}

function inUtc(text: string, micro: boolean): string {
  const match = /^(.{19})(?:[.,](\d+))?(.+)$/.exec(text);
  const head = match?.[1] ?? '';
  const zone = match?.[3] ?? 'Z';
  const seconds = zone === 'Z' ? head : new Date(Date.parse(head + zone)).toISOString().slice(0, 19);
  return micro ? `${seconds}.${match?.[2] ?? '000000'}Z` : `${seconds}Z`;
}

/** The first part of the date that no calendar has. */
function inRange(text: string): string | undefined {
  const part = (from: number): number => Number(text.slice(from, from + 2));
  const year = Number(text.slice(0, 4));
  const month = part(5);
  if (month < 1 || month > 12) return 'month';
  if (part(11) > 23) return 'hour';
  if (part(14) > 59) return 'minute';
  if (part(17) > 59) return 'second';
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 31;
  return part(8) < 1 || part(8) > days ? 'day' : undefined;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
