import { f, object, string, objectMeta } from '#model';
import type { Stored } from '#model';
import { rulesField } from '../rules.schema.js';

export const role = object(
  'io.k8s.api.rbac.v1.Role',
  'Rules that a RoleBinding of the same namespace can grant.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    rules: rulesField,
  },
  { gvk: ['rbac.authorization.k8s.io/v1 Role'] },
);
export type Role = Stored<typeof role>;
