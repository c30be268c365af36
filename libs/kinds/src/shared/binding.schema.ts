import { f, object, req, string } from '#model';
import { objectMeta } from './meta.schema.js';
import { objectReference } from './references.schema.js';
import type { Stored } from './stored.js';

export const binding = object(
  'io.k8s.api.core.v1.Binding',
  '',
  {
    apiVersion: f(string, 0, ''),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
    target: req(objectReference, 2, '', { always: {} }),
  },
  { gvk: ['v1 Binding'] },
);
export type Binding = Stored<typeof binding>;
