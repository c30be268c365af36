import { splitTimestamp } from '../values/time.js';
import { CelError, Duration, NO_OVERLOAD, Timestamp, type Result, type Value } from '../values/values.js';
import { overload, type Costs, type Overload } from './overload.js';

const DAY_MS = 86_400_000;
const PARTS: Readonly<Record<string, (date: Date, nanos: bigint) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDayOfYear: (date) =>
    Math.floor((Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - yearStart(date)) / DAY_MS),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDate: (date) => date.getUTCDate(),
  getDayOfWeek: (date) => date.getUTCDay(),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (_date, nanos) => Number(nanos / 1_000_000n),
};
const UNITS: Readonly<Record<string, bigint>> = {
  getHours: 3_600_000_000_000n,
  getMinutes: 60_000_000_000n,
  getSeconds: 1_000_000_000n,
};

/** The offset of a place is looked up, which takes so many times as long as other functions. */
const ZONE_COST = 50;
const FIXED_ZONE = /^(?:UTC|[+-]?\d\d:\d\d|)$/;
const ASKS_ZONE: Costs = { cost: (_sizes, args) => (args && !FIXED_ZONE.test(String(args[1])) ? ZONE_COST : 1) };

export const times: readonly Overload[] = [
  ...Object.entries(PARTS).flatMap(([name, part]) => [
    overload(`${name}: timestamp.() int`, ([time]) => partOf(time, part, 0)),
    overload(`${name}: timestamp.(string) int`, ([time, zone]) => zoned(time, part, String(zone)), ASKS_ZONE),
  ]),
  ...Object.entries(UNITS).map(([name, unit]) =>
    overload(`${name}: duration.() int`, ([length]) =>
      length instanceof Duration ? length.nanos / unit : NO_OVERLOAD,
    ),
  ),
  overload('getMilliseconds: duration.() int', ([length]) =>
    length instanceof Duration ? (length.nanos % 1_000_000_000n) / 1_000_000n : NO_OVERLOAD,
  ),
];

function yearStart(date: Date): number {
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return start.getTime();
}
function partOf(time: Value | undefined, part: (date: Date, nanos: bigint) => number, minutes: number): Result {
  if (!(time instanceof Timestamp)) return NO_OVERLOAD;
  const { date, rest } = splitTimestamp(time.nanos, minutes);
  return BigInt(part(date, rest));
}
function zoned(time: Value | undefined, part: (date: Date, nanos: bigint) => number, zone: string): Result {
  if (!(time instanceof Timestamp)) return NO_OVERLOAD;
  const minutes = offsetOf(zone, time);
  return typeof minutes === 'number' ? partOf(time, part, minutes) : minutes;
}
/** Minutes east of UTC: of `+02:00`, or of a place at that moment. */
function offsetOf(zone: string, { nanos }: Timestamp): number | CelError {
  const fixed = /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (fixed) return (Number(fixed[2]) * 60 + Number(fixed[3])) * (fixed[1] === '-' ? -1 : 1);
  if (zone === 'UTC' || zone === '') return 0;
  try {
    const name = clockOf(zone)
      .formatToParts(new Date(Number(nanos / 1_000_000n)))
      .find(({ type }) => type === 'timeZoneName')?.value;
    const match = /GMT([+-])(\d\d):(\d\d)/.exec(name ?? '');
    return match ? (Number(match[2]) * 60 + Number(match[3])) * (match[1] === '-' ? -1 : 1) : 0;
  } catch {
    return new CelError(`unknown time zone ${zone}`);
  }
}

/** Clocks of places, which take a hundred times as long to make as to read. */
const CLOCKS_MAX = 32;
const clocks = new Map<string, Intl.DateTimeFormat>();
function clockOf(timeZone: string): Intl.DateTimeFormat {
  let clock = clocks.get(timeZone);
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    if (clocks.size >= CLOCKS_MAX) clocks.clear();
    clocks.set(timeZone, clock);
  }
  return clock;
}
