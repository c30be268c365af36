import { parsed, unparsed, type Parsed } from '#meta';
import { LINKED_TIME_ZONES } from './linked-time-zones.js';

let names: ReadonlySet<string> | undefined;
/** All names of the IANA database that this program has data for; letters count. */
function timeZoneNames(): ReadonlySet<string> {
  names ??= new Set([...Intl.supportedValuesOf('timeZone'), ...LINKED_TIME_ZONES.split(' ')]);
  return names;
}

/** A time zone by its IANA name; none and `Local` are UTC, where the control plane runs. */
export function loadTimeZone(name: string): Parsed<string> {
  if (name === '' || name === 'Local') return parsed('UTC');
  if (/^[/\\]|\.\./.test(name)) return unparsed('time: invalid location name');
  return timeZoneNames().has(name) ? parsed(name) : unparsed(`unknown time zone ${name}`);
}

const formats = new Map<string, Intl.DateTimeFormat>();
function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { ...WHOLE_DATE, timeZone });
    formats.set(timeZone, format);
  }
  return format;
}
const WHOLE_DATE: Intl.DateTimeFormatOptions = {
  calendar: 'gregory',
  numberingSystem: 'latn',
  hourCycle: 'h23',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
};

/** How far the clocks of a zone are ahead of UTC at an instant, in milliseconds. */
export function offsetMs(timeZone: string, instant: number): number {
  if (timeZone === 'UTC') return 0;
  const seconds = Math.floor(instant / 1000) * 1000;
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(timeZone).formatToParts(seconds)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - seconds;
}
