import { boolean, f, list, object, string, objectMeta, localObjectReference, objectReference } from '#model';
import type { Stored } from '#model';

export const serviceAccount = object(
  'io.k8s.api.core.v1.ServiceAccount',
  'Who programs in the cluster are.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    secrets: f(list(objectReference), 2, 'Secrets that pods of this account may use.', {
      listType: 'map',
      mapKeys: ['name'],
      mergeKey: 'name',
      patchStrategy: 'merge',
    }),
    imagePullSecrets: f(
      list(localObjectReference),
      3,
      'Secrets with logins of image registries, for pods of this account.',
      { listType: 'atomic' },
    ),
    automountServiceAccountToken: f(boolean, 4, 'Whether pods of this account get its token mounted.', {
      pointer: true,
    }),
  },
  { gvk: ['v1 ServiceAccount'] },
);
export type ServiceAccount = Stored<typeof serviceAccount>;
