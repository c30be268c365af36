import { f, type Infer, list, object, req, string } from '#model';

export const subject = object(
  'io.k8s.api.rbac.v1.Subject',
  'A user, a group or a service account.',
  {
    kind: req(string, 1, 'User, Group or ServiceAccount.'),
    apiGroup: f(string, 2, 'rbac.authorization.k8s.io for users and groups, empty for service accounts.'),
    name: req(string, 3, 'Name of the user, the group or the service account.'),
    namespace: f(string, 4, 'Namespace of the service account.'),
  },
  { mapType: 'atomic' },
);
export type Subject = Infer<typeof subject>;

export const roleRef = object(
  'io.k8s.api.rbac.v1.RoleRef',
  'The role that is granted.',
  {
    apiGroup: req(string, 1, 'rbac.authorization.k8s.io.'),
    kind: req(string, 2, 'Role or ClusterRole.'),
    name: req(string, 3, 'Name of the role.'),
  },
  { mapType: 'atomic' },
);
export type RoleRef = Infer<typeof roleRef>;

export const subjectsField = f(list(subject), 2, 'Who gets the role.', { listType: 'atomic' });
export const roleRefField = req(roleRef, 3, 'The role; cannot be changed.', { always: {} });
