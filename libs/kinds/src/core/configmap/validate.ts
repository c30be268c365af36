import { byteLength } from '#meta';
import { jsonEquals } from '#std';
import type { Problem } from '#model';
import { base64Length, dataKeyProblems } from '../../validation/data-keys.js';
import type { ConfigMap } from './schema.js';

const BYTES_MAX = 1024 * 1024;

export function validateConfigMap(object: ConfigMap): readonly Problem[] {
  const problems: Problem[] = [];
  let bytes = 0;
  const { data = {}, binaryData = {} } = object;
  // Lists of the entries of a map of thousands of keys would take longer to make than to look through.
  for (const key in data) {
    problems.push(...dataKeyProblems('data', key));
    if (Object.hasOwn(binaryData, key)) {
      problems.push({
        type: 'Invalid',
        field: `data[${key}]`,
        value: key,
        detail: 'duplicate of key present in binaryData',
      });
    }
    bytes += byteLength(data[key] ?? '');
  }
  for (const key in binaryData) {
    problems.push(...dataKeyProblems('binaryData', key));
    bytes += base64Length(binaryData[key] ?? '');
  }
  if (bytes > BYTES_MAX)
    problems.push({ type: 'TooLong', field: '[]', detail: `may not be more than ${BYTES_MAX} bytes` });
  return problems;
}

export function validateConfigMapUpdate(object: ConfigMap, old: ConfigMap): readonly Problem[] {
  const problems: Problem[] = [];
  if (old.immutable === true) {
    const forbidden = (field: string): Problem => ({
      type: 'Forbidden',
      field,
      detail: 'field is immutable when `immutable` is set',
    });
    if (object.immutable !== true) problems.push(forbidden('immutable'));
    if (!jsonEquals(object.data ?? {}, old.data ?? {})) problems.push(forbidden('data'));
    if (!jsonEquals(object.binaryData ?? {}, old.binaryData ?? {})) problems.push(forbidden('binaryData'));
  }
  return [...problems, ...validateConfigMap(object)];
}
