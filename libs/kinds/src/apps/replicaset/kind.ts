import { selectorText } from '#meta';
import { standardKind } from '#model';
import { scaleSubresource } from '../../scale/scale.js';
import { ageColumn, column, nameColumn } from '../../columns.js';
import { templateColumns } from '../columns.js';
import { replicaSet, type ReplicaSet } from './schema.js';
import { replicaSetStrategy } from './strategy.js';

const columns = [
  nameColumn,
  column<ReplicaSet>('Desired', 'How many pods there should be', (object) => object.spec.replicas ?? 0, {
    type: 'integer',
  }),
  column<ReplicaSet>('Current', 'How many pods there are', (object) => object.status?.replicas ?? 0, {
    type: 'integer',
  }),
  column<ReplicaSet>('Ready', 'How many pods are ready', (object) => object.status?.readyReplicas ?? 0, {
    type: 'integer',
  }),
  ageColumn,
  ...templateColumns,
];

/** A number of equal pods. */
export const replicaSetKind = standardKind<ReplicaSet>({
  names: {
    group: 'apps',
    version: 'v1',
    kind: 'ReplicaSet',
    plural: 'replicasets',
    shortNames: ['rs'],
    categories: ['all'],
    namespaced: true,
  },
  schema: replicaSet,
  columns,
  subresources: [scaleSubresource, { name: 'status', kind: 'ReplicaSet', verbs: ['get', 'patch', 'update'] }],
  scale: { selector: (object) => scaleSelector(object as ReplicaSet) },
  strategy: replicaSetStrategy,
  events: ['DeploymentScaled'],
});
function scaleSelector(object: ReplicaSet): string {
  return selectorText(object.spec.selector);
}
