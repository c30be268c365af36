import { validateMeta, validateMetaUpdate } from '#meta';
import { refusals, type KubeObject, type ObjectMeta, type OwnerReference } from '#model';
import { dedupOwners } from '../../libs/model/src/standard-kind/metadata.js';
import { ordered } from '../../libs/model/src/standard-kind/go-order.js';
import { grows, list } from './growth.js';
import { pod } from './growth-objects.js';

const owner = (i: number): OwnerReference => ({ apiVersion: 'v1', kind: 'Pod', name: 'a', uid: `${i}` });
const owned = (ownerReferences: readonly OwnerReference[]): KubeObject => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap' },
  metadata: { name: 'a', ownerReferences } as unknown as ObjectMeta,
});
const owners = (size: number, more: Partial<OwnerReference> = {}): OwnerReference[] =>
  list(size, 60, (i) => ({ ...owner(i), ...more }));
const fields = (size: number, key: (i: number) => string): Record<string, string> =>
  Object.fromEntries(list(size, 12, (i) => [key(i), '!']));

const rules = { namespaced: false, nameRule: () => [] };
const about = { group: '', resource: 'configmaps', kind: 'ConfigMap', name: 'a' };
/** What is wrong, in the words of the answer. */
const told = (meta: Partial<ObjectMeta>): unknown =>
  refusals.invalid(about, validateMeta({ name: 'a', ...meta }, rules));
const toldOfChange = ({ next, old }: { next: Partial<ObjectMeta>; old: Partial<ObjectMeta> }): unknown =>
  refusals.invalid(about, validateMetaUpdate({ name: 'a', ...next }, { name: 'a', ...old }));

grows('owners', [
  ['that all differ', (n) => owned(owners(n)), dedupOwners],
  ['of which each comes twice', (n) => owned([...owners(n / 2), ...owners(n / 2)]), dedupOwners],
  ['that are one, again and again', (n) => owned(list(n, 60, () => owner(1))), dedupOwners],
  ['that all are controllers', (n) => ({ ownerReferences: owners(n, { controller: true }) }), told],
  ['that all are wrong', (n) => ({ ownerReferences: owners(n, { apiVersion: 'a/b/c', kind: '' }) }), told],
]);

const finalizers = (size: number, prefix: string): string[] => list(size, 12, (i) => `${prefix}.b/c${i}`);
const going = { deletionTimestamp: '2024-01-01T00:00:00Z' };
grows('metadata', [
  ['bad keys of labels', (n) => ({ labels: fields(n, (i) => `!${i}`) }), told],
  ['bad keys of annotations', (n) => ({ annotations: fields(n, (i) => `!${i}`) }), told],
  ['one long bad key', (n) => ({ labels: { ['!'.repeat(n)]: '!'.repeat(n) } }), told],
  ['bad finalizers', (n) => ({ finalizers: list(n, 8, (i) => `!${i}`) }), told],
  [
    'both finalizers that exclude each other',
    (n) => ({ finalizers: [...finalizers(n, 'a'), 'orphan', 'foregroundDeletion'] }),
    told,
  ],
  [
    'new finalizers of what is being deleted',
    (n) => ({
      next: { ...going, finalizers: [...finalizers(n / 2, 'a'), ...finalizers(n / 2, 'b')] },
      old: { ...going, finalizers: finalizers(n / 2, 'a') },
    }),
    toldOfChange,
  ],
  [
    'managed fields',
    (n) => ({ managedFields: list(n, 20, () => ({ operation: 'x', manager: '\u0000' })) as never }),
    told,
  ],
]);

grows('an object that Go would write in another order', [
  ['many keys', (n) => ({ metadata: { labels: fields(n, (i) => `k${i}`) } }), (value: never) => ordered(value, pod)],
  [
    'many unknown fields',
    (n) => ({ spec: Object.fromEntries(list(n, 12, (i) => [`k${i}`, 1])) }),
    (value: never) => ordered(value, pod),
  ],
]);
