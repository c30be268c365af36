import { goQuote } from '#std';
import { deepSizeOf } from '../values/deep-size.js';
import { lengthOf, pointsOf } from '../values/text.js';
import { CelError, CelList, NO_OVERLOAD, type Result, type Value } from '../values/values.js';
import { formatted } from './format.js';
import { overload, READS_FIRST, traversal, type Costs, type Overload } from './overload.js';

/** Characters that one replacement may make. */
const TEXT_MAX = 10 * 1024 * 1024;

const SAME_SIZE: Costs = { ...READS_FIRST, size: ([first = 0]) => first };
const READS_ARGUMENT: Costs = { cost: ([, argument = 0]) => traversal(argument) };
const CONTAINS: Costs = { cost: ([text = 0, part = 0]) => traversal(text) * traversal(part) };
const REPLACES: Costs = {
  ...READS_FIRST,
  size: ([text = 0, old = 0, by = 0]) => Math.max(text, old === 0 ? text + (text + 1) * by : text * Math.max(1, by)),
};
const JOINS: Costs = { cost: ([list = 0]) => traversal(list) };
/** What is formatted is read to its depth. */
const FORMATS: Costs = {
  cost: ([text = 0, list = 0], args) => traversal(text) + (args ? deepSizeOf(args[1] as Value) : list),
};

type Texts = (text: string, ...more: readonly Value[]) => Result;
/** Applies to a text and what follows it. */
const on =
  (make: Texts): Overload['apply'] =>
  ([text, ...more]) =>
    typeof text === 'string' ? make(text, ...more) : NO_OVERLOAD;

export const strings: readonly Overload[] = [
  overload(
    'startsWith: string.(string) bool',
    on((text, part) => text.startsWith(String(part))),
    READS_ARGUMENT,
  ),
  overload(
    'endsWith: string.(string) bool',
    on((text, part) => text.endsWith(String(part))),
    READS_ARGUMENT,
  ),
  overload(
    'contains: string.(string) bool',
    on((text, part) => text.includes(String(part))),
    CONTAINS,
  ),
  overload('charAt: string.(int) string', on(charAt), { size: () => 1 }),
  overload(
    'indexOf: string.(string) int',
    on((text, part) => indexOf(text, String(part), 0n)),
    CONTAINS,
  ),
  overload(
    'indexOf: string.(string, int) int',
    on((text, part, at) => indexOf(text, String(part), at)),
    CONTAINS,
  ),
  overload(
    'lastIndexOf: string.(string) int',
    on((text, part) => lastIndexOf(text, String(part), undefined)),
    CONTAINS,
  ),
  overload(
    'lastIndexOf: string.(string, int) int',
    on((text, part, at) => lastIndexOf(text, String(part), at)),
    CONTAINS,
  ),
  overload('join: list(string).() string', ([list]) => joined(list, ''), JOINS),
  overload('join: list(string).(string) string', ([list, by]) => joined(list, String(by)), JOINS),
  overload(
    'lowerAscii: string.() string',
    on((text) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase())),
    SAME_SIZE,
  ),
  overload(
    'upperAscii: string.() string',
    on((text) => text.replace(/[a-z]+/g, (part) => part.toUpperCase())),
    SAME_SIZE,
  ),
  overload(
    'replace: string.(string, string) string',
    on((text, old, by) => replaced(text, [old, by], -1n)),
    REPLACES,
  ),
  overload(
    'replace: string.(string, string, int) string',
    on((text, old, by, max) => replaced(text, [old, by], max)),
    REPLACES,
  ),
  overload(
    'split: string.(string) list(string)',
    on((text, by) => split(text, String(by), -1n)),
    SAME_SIZE,
  ),
  overload(
    'split: string.(string, int) list(string)',
    on((text, by, max) => split(text, String(by), max)),
    SAME_SIZE,
  ),
  overload(
    'substring: string.(int) string',
    on((text, from) => substring(text, from, undefined)),
    SAME_SIZE,
  ),
  overload('substring: string.(int, int) string', on(substring), SAME_SIZE),
  overload(
    'trim: string.() string',
    on((text) => text.replace(/^[\p{White_Space}]+|[\p{White_Space}]+$/gu, '')),
    SAME_SIZE,
  ),
  overload(
    'format: string.(list(dyn)) string',
    on((text, list) => formatted(text, list)),
    FORMATS,
  ),
  overload('strings.quote: (string) string', on(goQuote), { ...READS_FIRST, size: ([text = 0]) => text * 2 + 2 }),
];

const outOfRange = (index: Value | undefined): CelError => new CelError(`index out of range: ${String(index)}`);

function charAt(text: string, index: Value | undefined): Result {
  const points = pointsOf(text);
  const at = Number(index);
  return at < 0 || at > points.length ? outOfRange(index) : (points[at] ?? '');
}
function substring(text: string, from: Value | undefined, to: Value | undefined): Result {
  const points = pointsOf(text);
  const [start, end] = [Number(from), to === undefined ? points.length : Number(to)];
  if (start < 0 || start > points.length) return outOfRange(from);
  if (end < 0 || end > points.length) return outOfRange(to);
  if (start > end) return new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  return points.slice(start, end).join('');
}
function indexOf(text: string, part: string, offset: Value | undefined): Result {
  if (part === '') return offset ?? 0n;
  const points = pointsOf(text);
  const from = Number(offset);
  if (from < 0 || from > points.length) return outOfRange(offset);
  const found = text.indexOf(part, points.length === text.length ? from : points.slice(0, from).join('').length);
  return found < 0 ? -1n : BigInt(points.length === text.length ? found : lengthOf(text.slice(0, found)));
}
function lastIndexOf(text: string, part: string, offset: Value | undefined): Result {
  const points = pointsOf(text);
  const from = offset === undefined ? points.length : Number(offset);
  if (from < 0 || from > points.length) return outOfRange(offset);
  if (part === '') return BigInt(from);
  const found = text.lastIndexOf(part, points.length === text.length ? from : points.slice(0, from).join('').length);
  return found < 0 ? -1n : BigInt(points.length === text.length ? found : lengthOf(text.slice(0, found)));
}
function joined(list: Value | undefined, by: string): Result {
  if (!(list instanceof CelList)) return NO_OVERLOAD;
  let length = by.length * list.size;
  for (const item of list.items) {
    if (typeof item !== 'string') return NO_OVERLOAD;
    length += item.length;
  }
  return length > TEXT_MAX ? tooLong : list.items.join(by);
}
const tooLong = new CelError('the result is too large');

function replaced(text: string, [old, by]: readonly (Value | undefined)[], max: Value | undefined): Result {
  if (typeof old !== 'string' || typeof by !== 'string' || typeof max !== 'bigint') return NO_OVERLOAD;
  if (max === 0n) return text;
  const parts = old === '' ? ['', ...pointsOf(text), ''] : text.split(old);
  const count = Math.min(parts.length - 1, max < 0n ? Infinity : Number(max));
  if (text.length + count * by.length > TEXT_MAX) return tooLong;
  const rest = parts.slice(count).join(old);
  return (
    parts
      .slice(0, count)
      .map((part) => part + by)
      .join('') + rest
  );
}
function split(text: string, by: string, max: Value | undefined): Result {
  const limit = Number(max);
  if (limit === 0) return CelList.of([]);
  if (limit === 1) return CelList.of([text]);
  const parts = by === '' ? pointsOf(text) : text.split(by);
  if (limit < 0 || parts.length <= limit) return CelList.of(parts);
  return CelList.of([...parts.slice(0, limit - 1), parts.slice(limit - 1).join(by)]);
}
