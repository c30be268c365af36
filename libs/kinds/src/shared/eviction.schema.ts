import { f, object, string } from '#model';
import { objectMeta } from './meta.schema.js';
import { deleteOptions } from './status.schema.js';
import type { Stored } from './stored.js';

export const eviction = object(
  'io.k8s.api.policy.v1.Eviction',
  '',
  {
    apiVersion: f(string, 0, ''),
    deleteOptions: f(deleteOptions, 2, ''),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
  },
  { gvk: ['policy/v1 Eviction'] },
);
export type Eviction = Stored<typeof eviction>;
