import { boolean, byte, f, map, object, string } from '#model';
import { objectMeta } from '../../shared/meta.schema.js';
import type { Stored } from '../../shared/stored.js';

export const configMap = object(
  'io.k8s.api.core.v1.ConfigMap',
  '',
  {
    apiVersion: f(string, 0, ''),
    binaryData: f(map(byte), 3, ''),
    data: f(map(string), 2, ''),
    immutable: f(boolean, 4, '', { pointer: true }),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
  },
  { gvk: ['v1 ConfigMap'] },
);
export type ConfigMap = Stored<typeof configMap>;
