import { bootstrapKind, bootstrapObjects, namespaces, reconciled, type BootstrapObject } from '#kinds';
import type { Decision, Loop, View } from '#model';
import { create, patch, remove, streamOfObject, type Manifest } from '../shared/index.js';

const BY_KEY = new Map(bootstrapObjects.map((object) => [keyOf(object), object]));
const HOMES = new Set(bootstrapObjects.flatMap(({ metadata }) => metadata.namespace ?? []));
const REASON = { because: 'every cluster has it' };

/**
 * Makes the roles and bindings that every cluster has, and adds what they lack, at each start. Between starts they are
 * anybody's who may change them.
 */
export const bootstrapRoles: Loop = {
  name: 'bootstrap-roles',
  account: 'system:apiserver',
  keysOf({ kind, before, after }) {
    if (kind !== namespaces.id || before !== undefined || !after || !HOMES.has(after.metadata.name)) return [];
    return bootstrapObjects.filter(({ metadata }) => metadata.namespace === after.metadata.name).map(keyOf);
  },
  keysAtStart: () => [...BY_KEY.keys()],
  reconcile(view, key) {
    const object = BY_KEY.get(key);
    return object ? decide(view, object) : [];
  },
};

function keyOf({ kind, metadata }: BootstrapObject): string {
  return `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
}

function decide(view: View, object: BootstrapObject): readonly Decision[] {
  const { namespace, name } = object.metadata;
  // Its namespace is made by a loop of its own; then this object is looked at again.
  if (namespace !== undefined && view.get(namespaces, undefined, namespace) === undefined) return [];
  const ref = bootstrapKind(object);
  const manifest = object as unknown as Manifest;
  const known = view.get(ref, namespace, name);
  if (!known) return [create(ref, manifest, REASON)];
  const basedOn = [streamOfObject(ref, known)];
  const change = reconciled(known, object);
  if (change === 'kept') return [];
  if (change === 'replace') return [remove(ref, known, { ...REASON, basedOn, then: [create(ref, manifest, REASON)] })];
  return [patch(ref, known, change, { ...REASON, basedOn })];
}
