import { parsed, unparsed, type Parsed } from '#meta';
import { goQuote, parseDuration } from '#std';
import { loadTimeZone } from './time-zones.js';

/** One field of a schedule: the numbers that match. */
export interface CronField {
  readonly numbers: ReadonlySet<number>;
  /** The field is `*` or `?`, so it restricts nothing. */
  readonly isAny: boolean;
}
/** A schedule by the fields of cron; the numbers are those of a clock in the schedule's time zone. */
export interface FieldSchedule {
  readonly minute: CronField;
  readonly hour: CronField;
  readonly dayOfMonth: CronField;
  readonly month: CronField;
  readonly dayOfWeek: CronField;
  /** What the schedule itself says after `TZ=`. */
  readonly timeZone?: string;
}
/** A schedule of a fixed distance in milliseconds, a multiple of a second. */
export interface IntervalSchedule {
  readonly everyMs: number;
}
export type CronSchedule = FieldSchedule | IntervalSchedule;

/** Reads a schedule of a CronJob: five fields, `@hourly` and its like, or `@every` with a Go duration. */
export function parseSchedule(text: string): Parsed<CronSchedule> {
  if (text.length > CHARACTERS_MAX) return unparsed(`spec string is longer than ${CHARACTERS_MAX} characters`);
  if (text === '') return unparsed('empty spec string');
  const zoned = /^(?:CRON_)?TZ=/.test(text);
  if (!zoned) return parseUnzoned(text);
  const space = text.indexOf(' ');
  // The genuine server's parser stops here with a fault of its language.
  if (space < 0) return unparsed('invalid schedule format: runtime error: slice bounds out of range [:-1]');
  const name = text.slice(text.indexOf('=') + 1, space);
  const zone = loadTimeZone(name);
  if (!zone.ok) return unparsed(`provided bad location ${name}: ${zone.message}`);
  const schedule = parseUnzoned(withoutEdgeSpaces(text.slice(space)));
  return schedule.ok && !('everyMs' in schedule.value) ? parsed({ ...schedule.value, timeZone: zone.value }) : schedule;
}

/** Kubernetes has no such limit; the longest list of all numbers that a field may have is far below it. */
const CHARACTERS_MAX = 1024;

/** White space as Unicode defines it, which separates fields. */
const SPACES = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
function withoutEdgeSpaces(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && SPACES.test(text.charAt(start))) start++;
  while (end > start && SPACES.test(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}
const FIELD_COUNT = 5;

function parseUnzoned(text: string): Parsed<CronSchedule> {
  if (text.startsWith('@')) return parseDescriptor(text);
  const fields = text.split(SPACES).filter((field) => field !== '');
  if (fields.length !== FIELD_COUNT) {
    return unparsed(`expected exactly ${FIELD_COUNT} fields, found ${fields.length}: [${fields.join(' ')}]`);
  }
  return parseFields(fields);
}

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const EVERY = '@every ';
const SECOND_MS = 1000;
function parseDescriptor(text: string): Parsed<CronSchedule> {
  if (Object.hasOwn(DESCRIPTORS, text)) return parseFields((DESCRIPTORS[text] ?? '').split(' '));
  if (!text.startsWith(EVERY)) return unparsed(`unrecognized descriptor: ${text}`);
  const duration = parseDuration(text.slice(EVERY.length));
  if ('error' in duration) return unparsed(`failed to parse duration ${text}: ${duration.error}`);
  const seconds = Math.floor(duration.value / SECOND_MS);
  return parsed({ everyMs: Math.max(seconds, 1) * SECOND_MS });
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}
const MONTHS = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const BOUNDS = {
  minute: { min: 0, max: 59 },
  hour: { min: 0, max: 23 },
  dayOfMonth: { min: 1, max: 31 },
  month: { min: 1, max: 12, names: MONTHS },
  dayOfWeek: { min: 0, max: 6, names: DAYS },
} as const satisfies Readonly<Record<string, Bounds>>;

function parseFields(fields: readonly string[]): Parsed<FieldSchedule> {
  const read: Record<string, CronField> = {};
  for (const [i, [name, bounds]] of Object.entries(BOUNDS).entries()) {
    const field = parseField(fields[i] ?? '', bounds);
    if (!field.ok) return field;
    read[name] = field.value;
  }
  return parsed(read as unknown as FieldSchedule);
}

function parseField(text: string, bounds: Bounds): Parsed<CronField> {
  const numbers = new Set<number>();
  let isAny = false;
  for (const expression of text.split(',')) {
    if (expression === '') continue;
    const range = parseRange(expression, bounds);
    if (!range.ok) return range;
    const { start, end, step } = range.value;
    for (let number = start; number <= end; number += step) numbers.add(number);
    isAny ||= range.value.isAny;
  }
  return parsed({ numbers, isAny });
}

interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly isAny: boolean;
}
function parseRange(expression: string, bounds: Bounds): Parsed<Range> {
  const [range = '', stepText, ...moreSteps] = expression.split('/');
  const [low = '', high, ...more] = range.split('-');
  const isAny = low === '*' || low === '?';
  let [start, end]: [number, number] = [bounds.min, bounds.max];
  if (!isAny) {
    const first = parseNumber(low, bounds.names);
    if (!first.ok) return first;
    if (more.length > 0) return unparsed(`too many hyphens: ${expression}`);
    const last = high === undefined ? first : parseNumber(high, bounds.names);
    if (!last.ok) return last;
    [start, end] = [first.value, last.value];
  }
  if (moreSteps.length > 0) return unparsed(`too many slashes: ${expression}`);
  const step = stepText === undefined ? parsed(1) : parseNumber(stepText, undefined);
  if (!step.ok) return step;
  // A single number with a step goes on to the end.
  if (stepText !== undefined && high === undefined) end = bounds.max;
  const problem = rangeProblem({ start, end, step: step.value }, bounds);
  if (problem !== undefined) return unparsed(`${problem}: ${expression}`);
  return parsed({ start, end, step: step.value, isAny: isAny && step.value === 1 });
}

function rangeProblem({ start, end, step }: Omit<Range, 'isAny'>, { min, max }: Bounds): string | undefined {
  if (start < min) return `beginning of range (${start}) below minimum (${min})`;
  if (end > max) return `end of range (${end}) above maximum (${max})`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end})`;
  return step === 0 ? 'step of range should be a positive number' : undefined;
}

const INT64_MAX = 2n ** 63n - 1n;
function parseNumber(text: string, names: readonly string[] | undefined): Parsed<number> {
  const place = text === '' ? -1 : (names?.indexOf(text.toLowerCase()) ?? -1);
  if (place >= 0) return parsed(place);
  const failed = (why: string): Parsed<number> =>
    unparsed(`failed to parse int from ${text}: strconv.Atoi: parsing ${goQuote(text)}: ${why}`);
  const [, sign, written] = /^([+-]?)([0-9]+)$/.exec(text) ?? [];
  if (written === undefined) return failed('invalid syntax');
  const digits = withoutLeadingZeros(written);
  if (digits.length > 19 || BigInt(digits) > INT64_MAX) return failed('value out of range');
  if (sign === '-' && digits !== '0') return unparsed(`negative number (-${digits}) not allowed: ${text}`);
  return parsed(Number(digits));
}
/** At least one digit is left. */
function withoutLeadingZeros(digits: string): string {
  let start = 0;
  while (start < digits.length - 1 && digits.charAt(start) === '0') start++;
  return digits.slice(start);
}
