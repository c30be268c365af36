import { boolean, f, list, object, string } from '#model';
import { objectMeta } from '../../shared/meta.schema.js';
import { localObjectReference, objectReference } from '../../shared/references.schema.js';
import type { Stored } from '../../shared/stored.js';

export const serviceAccount = object(
  'io.k8s.api.core.v1.ServiceAccount',
  '',
  {
    apiVersion: f(string, 0, ''),
    automountServiceAccountToken: f(boolean, 4, '', { pointer: true }),
    imagePullSecrets: f(list(localObjectReference), 3, '', { listType: 'atomic' }),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
    secrets: f(list(objectReference), 2, '', {
      listType: 'map',
      mapKeys: ['name'],
      mergeKey: 'name',
      patchStrategy: 'merge',
    }),
  },
  { gvk: ['v1 ServiceAccount'] },
);
export type ServiceAccount = Stored<typeof serviceAccount>;
