import { f, object, string, objectMeta } from '#model';
import type { Stored } from '#model';
import { roleRefField, subjectsField } from '../binding.schema.js';

export const clusterRoleBinding = object(
  'io.k8s.api.rbac.v1.ClusterRoleBinding',
  'Grants a ClusterRole to subjects in the whole cluster.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    subjects: subjectsField,
    roleRef: roleRefField,
  },
  { gvk: ['rbac.authorization.k8s.io/v1 ClusterRoleBinding'] },
);
export type ClusterRoleBinding = Stored<typeof clusterRoleBinding>;
