import { parseInstant } from '#std';

/** Whether a text has a format; formats that are not listed are not checked. A `-` in a format's name does not count. */
export function hasFormat(format: string, text: string): boolean {
  const check = FORMATS.get(format.replaceAll('-', ''));
  return check === undefined || (text.length <= LENGTH_MAX && check(text));
}
/** Whether values of a format are checked. */
export function isKnownFormat(format: string): boolean {
  return FORMATS.has(format.replaceAll('-', '')) || NUMBERS.has(format);
}

/** No value of a format is longer, but bytes. */
const LENGTH_MAX = 8 * 1024 * 1024;
const NUMBERS: ReadonlySet<string> = new Set(['int32', 'int64', 'float', 'double']);

const matching =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text);
const HEX = '[0-9a-f]';
const uuid = (version: string, variant = HEX): RegExp =>
  new RegExp(`^${HEX}{8}-?${HEX}{4}-?${version}${HEX}{3}-?${variant}${HEX}{3}-?${HEX}{12}$`, 'i');

const FORMATS: ReadonlyMap<string, (text: string) => boolean> = new Map<string, (text: string) => boolean>([
  ['bsonobjectid', matching(/^[0-9a-f]{24}$/i)],
  ['uri', isUri],
  ['email', (text) => /^[^\s@<>()[\]\\,;:"]{1,64}@[^\s@]{1,255}$/.test(text)],
  ['hostname', isHostname],
  ['ipv4', isIpv4],
  ['ipv6', isIpv6],
  ['cidr', isCidr],
  [
    'mac',
    matching(/^([0-9a-f]{2}[:-]){5}([0-9a-f]{2}|(?:[0-9a-f]{2}[:-]){2}[0-9a-f]{2})$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/i),
  ],
  ['uuid', matching(uuid(HEX))],
  ['uuid3', matching(uuid('3'))],
  ['uuid4', matching(uuid('4', '[89ab]'))],
  ['uuid5', matching(uuid('5', '[89ab]'))],
  ['isbn', (text) => isIsbn10(text) || isIsbn13(text)],
  ['isbn10', isIsbn10],
  ['isbn13', isIsbn13],
  ['creditcard', isCreditCard],
  ['ssn', matching(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/)],
  ['hexcolor', matching(/^#?([0-9a-f]{3}|[0-9a-f]{6})$/i)],
  ['rgbcolor', isRgbColor],
  ['byte', (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)],
  ['password', () => true],
  ['date', isDate],
  ['duration', isDuration],
  ['datetime', isDateTime],
  ['k8sshortname', (text) => text.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text)],
  [
    'k8slongname',
    (text) => text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text),
  ],
]);

function isUri(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:[^\s]*$/i.test(text) || text.startsWith('/');
}
function isHostname(text: string): boolean {
  return text.length <= 255 && text.split('.').every((label) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i.test(label));
}
function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}
function isIpv6(text: string): boolean {
  if (text.length > 45 || !text.includes(':')) return false;
  const dotted = text.lastIndexOf('.') < 0 ? undefined : text.slice(text.lastIndexOf(':') + 1);
  if (dotted !== undefined && !isIpv4(dotted)) return false;
  const words = dotted === undefined ? text : `${text.slice(0, text.lastIndexOf(':') + 1)}0:0`;
  const halves = words.split('::');
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (halves.length > 2 || !groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  return halves.length === 2 ? groups.length < 8 : groups.length === 8;
}
function isCidr(text: string): boolean {
  const [address = '', bits = ''] = text.split('/');
  if (text.split('/').length !== 2 || !/^\d{1,3}$/.test(bits)) return false;
  return (isIpv4(address) && Number(bits) <= 32) || (isIpv6(address) && Number(bits) <= 128);
}
function isIsbn10(text: string): boolean {
  const digits = text.replace(/[- ]/g, '');
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < 10; i++) sum += (10 - i) * (digits[i] === 'X' ? 10 : Number(digits[i]));
  return sum % 11 === 0;
}
function isIsbn13(text: string): boolean {
  const digits = text.replace(/[- ]/g, '');
  if (!/^\d{13}$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < 13; i++) sum += Number(digits[i]) * (i % 2 === 0 ? 1 : 3);
  return sum % 10 === 0;
}
function isCreditCard(text: string): boolean {
  const digits = text.replace(/[- ]/g, '');
  if (!/^\d{12,19}$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}
function isRgbColor(text: string): boolean {
  const numbers = /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.exec(text)?.slice(1);
  return numbers?.every((number) => Number(number) <= 255) ?? false;
}
function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && parseInstant(`${text}T00:00:00Z`) !== undefined;
}
function isDateTime(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/.test(text);
}
function isDuration(text: string): boolean {
  if (text.length > 200) return false;
  if (/^[-+]?(0|((\d{1,19}(\.\d{0,19})?|\.\d{1,19})(ns|us|µs|μs|ms|s|m|h)){1,20})$/.test(text)) return true;
  return /^\d{1,19}\s*(ns|us|µs|μs|ms|s|m|h|d|w|nano\w*|micro\w*|milli\w*|sec\w*|min\w*|h(ou)?rs?|days?|weeks?)$/.test(
    text,
  );
}
