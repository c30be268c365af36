import { f, object, string, objectMeta } from '#model';
import type { Stored } from '#model';
import { aggregationRule, rulesField } from '../rules.schema.js';

export const clusterRole = object(
  'io.k8s.api.rbac.v1.ClusterRole',
  'Rules that a ClusterRoleBinding grants everywhere, or a RoleBinding in its namespace.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    rules: rulesField,
    aggregationRule: f(aggregationRule, 3, 'Makes the rules the union of the rules of other ClusterRoles.'),
  },
  { gvk: ['rbac.authorization.k8s.io/v1 ClusterRole'] },
);
export type ClusterRole = Stored<typeof clusterRole>;
