import { cannotUnmarshal, goJsonError, jsonEquals } from '#std';
import type { Problem } from '#model';
import { base64Length, dataKeyProblems } from '../../validation/data-keys.js';
import type { Secret } from './schema.js';

const BYTES_MAX = 1024 * 1024;
const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name';

export function validateSecret(object: Secret): readonly Problem[] {
  const problems: Problem[] = [];
  let bytes = 0;
  const { data = {} } = object;
  for (const key in data) {
    problems.push(...dataKeyProblems('data', key));
    bytes += base64Length(data[key] ?? '');
  }
  if (bytes > BYTES_MAX)
    problems.push({ type: 'TooLong', field: 'data', detail: `may not be more than ${BYTES_MAX} bytes` });
  return [...problems, ...byType(object)];
}

/** Each well-known type needs its keys. */
function byType(object: Secret): readonly Problem[] {
  switch (object.type) {
    case 'kubernetes.io/service-account-token':
      if (object.metadata.annotations?.[SERVICE_ACCOUNT_NAME]) return [];
      return [{ type: 'Required', field: `metadata.annotations[${SERVICE_ACCOUNT_NAME}]`, detail: '' }];
    case 'kubernetes.io/dockercfg':
      return jsonKey(object, '.dockercfg');
    case 'kubernetes.io/dockerconfigjson':
      return jsonKey(object, '.dockerconfigjson');
    case 'kubernetes.io/basic-auth':
      if (has(object, 'username') || has(object, 'password')) return [];
      return [needed('username'), needed('password')];
    case 'kubernetes.io/ssh-auth':
      return object.data?.['ssh-privatekey'] ? [] : [needed('ssh-privatekey')];
    case 'kubernetes.io/tls':
      return ['tls.crt', 'tls.key'].filter((key) => !has(object, key)).map(needed);
    default:
      return [];
  }
}
function has(object: Secret, key: string): boolean {
  return Object.hasOwn(object.data ?? {}, key);
}
function needed(key: string): Problem {
  return { type: 'Required', field: `data[${key}]`, detail: '' };
}
function jsonKey(object: Secret, key: string): readonly Problem[] {
  if (!has(object, key)) return [needed(key)];
  const bytes = Uint8Array.from(atob(object.data?.[key] ?? ''), (character) => character.charCodeAt(0));
  const detail = whyNoJsonObject(new TextDecoder().decode(bytes));
  return detail === undefined
    ? []
    : [{ type: 'Invalid', field: `data[${key}]`, value: '<secret contents redacted>', detail }];
}
function whyNoJsonObject(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return goJsonError(text);
  }
  if (value === null || (typeof value === 'object' && !Array.isArray(value))) return undefined;
  return cannotUnmarshal(value, 'Go value of type map[string]interface {}');
}

export function validateSecretUpdate(object: Secret, old: Secret): readonly Problem[] {
  const problems: Problem[] = [];
  if (object.type !== old.type)
    problems.push({ type: 'Invalid', field: 'type', value: object.type, detail: 'field is immutable' });
  if (old.immutable === true) {
    const forbidden = (field: string): Problem => ({
      type: 'Forbidden',
      field,
      detail: 'field is immutable when `immutable` is set',
    });
    if (object.immutable !== true) problems.push(forbidden('immutable'));
    if (!jsonEquals(object.data ?? {}, old.data ?? {})) problems.push(forbidden('data'));
  }
  return [...problems, ...validateSecret(object)];
}

/** A TLS secret whose parts are no PEM is kept, with a warning. */
export function secretWarnings(object: Secret): readonly string[] {
  if (object.type !== 'kubernetes.io/tls') return [];
  const hasPem = (key: string): boolean => /-----BEGIN [^-]+-----/.test(atob(object.data?.[key] ?? ''));
  if (!hasPem('tls.crt')) return ['tls: failed to find any PEM data in certificate input'];
  return hasPem('tls.key') ? [] : ['tls: failed to find any PEM data in key input'];
}
