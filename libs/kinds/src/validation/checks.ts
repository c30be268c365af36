import { notSupported, parseIp, required } from '#meta';
import type { Problem } from '#model';

/** What a check finds. Order matters: answers list problems in the order in which Kubernetes checks. */
export type Problems = readonly Problem[];

/** Lists may be absent or null: both are empty. */
export function items<T>(list: readonly T[] | null | undefined): readonly T[] {
  return list ?? [];
}

/** One problem about a field for each sentence about its value. */
export function each(field: string, value: unknown, sentences: readonly string[]): Problems {
  return sentences.map((detail) => ({ type: 'Invalid', field, value, detail }));
}

export function notFound(field: string, value: unknown, detail = ''): Problem {
  return { type: 'NotFound', field, value, detail };
}

/** A text that must be there and be one of these. */
export function oneOf(field: string, value: string | undefined, supported: readonly string[]): Problems {
  if (value === undefined || value === '') return [required(field)];
  return supportedOnly(field, value, supported);
}
/** A text that must be one of these where it is given, the empty text included. */
export function supportedOnly(field: string, value: string | undefined, supported: readonly string[]): Problems {
  return value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

export function nonNegative(field: string, value: number | undefined): Problems {
  return value !== undefined && value < 0 ? each(field, value, ['must be greater than or equal to 0']) : [];
}
export function inRange(field: string, value: number, min: number, max: number): Problems {
  if (value >= min && value <= max) return [];
  return each(field, value, [`must be between ${min} and ${max}, inclusive`]);
}
export const portNumber = (field: string, value: number): Problems => inRange(field, value, 1, 65535);
/** User and group numbers. */
export function idNumber(field: string, value: number | undefined): Problems {
  return value === undefined ? [] : inRange(field, value, 0, 2 ** 31 - 1);
}
/** Permission bits of a file. */
export function fileMode(field: string, value: number | undefined): Problems {
  if (value === undefined || (value >= 0 && value <= 0o777)) return [];
  return each(field, value, ['must be a number between 0 and 0777 (octal), both inclusive']);
}

/** A path below some folder, that does not lead out of it. */
export function descendingPath(field: string, path: string): Problems {
  const found: Problem[] = [];
  if (path.startsWith('/')) found.push(...each(field, path, ['must be a relative path']));
  return [...found, ...noBacksteps(field, path)];
}
export function noBacksteps(field: string, path: string): Problems {
  return path.split('/').includes('..') ? each(field, path, ["must not contain '..'"]) : [];
}
/** A descending path that does not use names kept for the kubelet. */
export function localPath(field: string, path: string): Problems {
  const below = descendingPath(field, path);
  const reserved = path.startsWith('..') && !path.startsWith('../') && path !== '..';
  return reserved ? [...below, ...each(field, path, ["must not start with '..'"])] : below;
}

const IP_WORDS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
/** IPv4 with leading zeros is still taken; a warning tells of it. */
export function ipAddress(field: string, value: string): Problems {
  return parseIp(value) ? [] : each(field, value, [IP_WORDS]);
}

/** Names of ports, by which services and probes find them. */
export function portName(value: string): readonly string[] {
  const words: string[] = [];
  if (value.length > 15) words.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(value)) words.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) words.push('must contain at least one letter (a-z)');
  if (value.includes('--')) words.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) words.push('must not begin or end with a hyphen');
  return words;
}
export function portNumberOrName(field: string, value: number | string): Problems {
  return typeof value === 'number' ? portNumber(field, value) : each(field, value, portName(value));
}
