import { boolean, byte, f, map, object, string } from '#model';
import { objectMeta } from '../../shared/meta.schema.js';
import type { Stored } from '../../shared/stored.js';

export const secret = object(
  'io.k8s.api.core.v1.Secret',
  '',
  {
    apiVersion: f(string, 0, ''),
    data: f(map(byte), 2, ''),
    immutable: f(boolean, 5, '', { pointer: true }),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
    stringData: f(map(string), 4, ''),
    type: f(string, 3, '', { fill: 'Opaque' }),
  },
  { gvk: ['v1 Secret'] },
);
export type Secret = Stored<typeof secret>;
