import type { Semver } from './values.js';

const FORM = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]*))?(?:\+([0-9A-Za-z.-]*))?$/;

/** Reads a semantic version; a text says what is wrong. */
export function parseSemver(text: string): Semver | string {
  if (text === '') return 'Version string empty';
  if (text.split('.', 3).length !== 3) return 'No Major.Minor.Patch elements found';
  const match = FORM.exec(text);
  if (!match) return `Invalid character(s) found in version number ${JSON.stringify(text)}`;
  const [, major = '', minor = '', patch = '', pre, build] = match;
  for (const [name, number] of Object.entries({ major, minor, patch }))
    if (number.length > 1 && number.startsWith('0'))
      return `${name[0]?.toUpperCase() ?? ''}${name.slice(1)} number must not contain leading zeroes "${number}"`;
  const pres = pre?.split('.') ?? [];
  const builds = build?.split('.') ?? [];
  if (pres.includes('')) return 'Prerelease is empty';
  if (builds.includes('')) return 'Build meta data is empty';
  const zeros = pres.find((part) => /^0\d+$/.test(part));
  if (zeros !== undefined) return `Numeric PreRelease version must not contain leading zeroes "${zeros}"`;
  return { major: BigInt(major), minor: BigInt(minor), patch: BigInt(patch), pre: pres, build: builds };
}

/** A lenient reading: a `v` in front, leading zeros and missing parts are taken. */
export function normalizedSemver(text: string): string {
  const plain = text.trim().replace(/^v/, '');
  const [, numbers = '', rest = ''] = /^([0-9.]*)(.*)$/s.exec(plain) ?? [];
  const parts = numbers.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  while (parts.length < 3) parts.push('0');
  return parts.join('.') + rest;
}

/** Precedence; build metadata does not count. */
export function compareSemver(a: Semver, b: Semver): number {
  for (const part of ['major', 'minor', 'patch'] as const) if (a[part] !== b[part]) return a[part] < b[part] ? -1 : 1;
  if (a.pre.length === 0 || b.pre.length === 0) return Math.sign(b.pre.length - a.pre.length);
  for (let i = 0; i < Math.min(a.pre.length, b.pre.length); i++) {
    const order = comparePre(a.pre[i] ?? '', b.pre[i] ?? '');
    if (order !== 0) return order;
  }
  return Math.sign(a.pre.length - b.pre.length);
}
function comparePre(a: string, b: string): number {
  if (a === b) return 0;
  const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && isOtherNumber) return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0;
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return a < b ? -1 : 1;
}
