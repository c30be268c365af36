import { ageColumn, column, nameColumn, WIDE } from '../columns.js';
import { items } from '../validation/checks.js';
import type { KubeObject } from '#model';
import type { RoleRef, Subject } from './binding.schema.js';

export const roleColumns = [
  nameColumn,
  column('Created At', 'When the object was created', (object) => object.metadata.creationTimestamp ?? null, {
    type: 'date',
  }),
];

type Binding = KubeObject & { readonly subjects?: readonly Subject[]; readonly roleRef?: RoleRef };

export const bindingColumns = [
  nameColumn,
  column<Binding>('Role', 'The role that is granted', ({ roleRef }) =>
    roleRef ? `${roleRef.kind}/${roleRef.name}` : '',
  ),
  ageColumn,
  column<Binding>('Users', 'Users among the subjects', (object) => names(object, 'User'), WIDE),
  column<Binding>('Groups', 'Groups among the subjects', (object) => names(object, 'Group'), WIDE),
  column<Binding>(
    'ServiceAccounts',
    'Service accounts among the subjects',
    (object) => names(object, 'ServiceAccount'),
    WIDE,
  ),
];

function names({ subjects }: Binding, kind: string): string {
  return items(subjects)
    .filter((subject) => subject.kind === kind)
    .map(({ name, namespace }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
    .join(', ');
}
