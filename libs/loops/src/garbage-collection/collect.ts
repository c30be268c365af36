import type { Decision, KindId, KubeObject, OwnerReference, Submit, View } from '#model';
import type { Instant } from '#std';
import { incident, remove, setOwners, streamOfObject, withoutOwners, type RemoveReason } from '../shared/index.js';
import { dependentsOf, FOREGROUND, isEndingBy, ORPHAN, ownerElsewhere, standingOf, type Kinds } from './references.js';

export interface Look {
  readonly view: View;
  readonly kinds: Kinds;
  readonly now: Instant;
}

/** What becomes of an object for its owners' sake: nothing, fewer references, or its end. */
export function collect(look: Look, kind: KindId, dependent: KubeObject): readonly Decision[] {
  const references = dependent.metadata.ownerReferences ?? [];
  if (references.length === 0 || dependent.metadata.deletionTimestamp !== undefined) return [];
  const standings = references.map((reference) => ({
    reference,
    standing: standingOf(look.view, look.kinds, dependent, reference),
  }));
  // Somebody may still claim it in a way that this server does not understand.
  if (standings.some(({ standing }) => standing === 'unknown')) return [];
  const lost = standings.filter(({ standing }) => standing !== 'solid');
  if (lost.length === 0) return [];
  const warnings = lost.flatMap(({ reference }) => warnOfNamespace(look, dependent, reference));
  if (lost.length < standings.length) {
    const uids = new Set(lost.map(({ reference }) => reference.uid));
    return [
      ...warnings,
      withoutOwners({ id: kind }, dependent, uids, 'one of its owners is gone, another one is there'),
    ];
  }
  const waited = lost.some(({ standing }) => standing === 'waiting');
  return [
    ...warnings,
    waited ? endFor(look, kind, dependent) : end(kind, dependent, policyOf(dependent), 'its owners are gone'),
  ];
}

/** An owner waits in the foreground: what hangs on this object goes before it, too. */
function endFor({ view }: Look, kind: KindId, dependent: KubeObject): Submit {
  const own = dependentsOf(view, dependent);
  const because = 'its owner is being deleted and waits for it';
  if (own.length === 0) return end(kind, dependent, 'Background', because);
  // Two that wait for each other would wait for ever.
  if (!own.some((one) => isEndingBy(one, FOREGROUND))) return end(kind, dependent, 'Foreground', because);
  const owners = (dependent.metadata.ownerReferences ?? []).map((reference) => ({
    ...reference,
    blockOwnerDeletion: false,
  }));
  const unblocked = setOwners({ id: kind }, dependent, owners, 'it and what depends on it wait for each other');
  const { basedOn: _, ...follow } = end(kind, dependent, 'Foreground', because);
  return { ...unblocked, then: [follow] };
}

/** A wish of an earlier deletion stays. */
function policyOf({ metadata }: KubeObject): NonNullable<RemoveReason['propagationPolicy']> {
  if (metadata.finalizers?.includes(ORPHAN)) return 'Orphan';
  return metadata.finalizers?.includes(FOREGROUND) ? 'Foreground' : 'Background';
}

function end(
  kind: KindId,
  object: KubeObject,
  propagationPolicy: RemoveReason['propagationPolicy'],
  because: string,
): Submit {
  const ref = { id: kind };
  return remove(ref, object, {
    because,
    basedOn: [streamOfObject(ref, object)],
    ...(propagationPolicy && { propagationPolicy }),
  });
}

function warnOfNamespace({ view, now }: Look, dependent: KubeObject, reference: OwnerReference): readonly Submit[] {
  if (!ownerElsewhere(view, dependent, reference)) return [];
  const { namespace = '' } = dependent.metadata;
  const { apiVersion, kind, name, uid } = reference;
  return incident(view, now, {
    about: dependent,
    type: 'Warning',
    reason: 'OwnerRefInvalidNamespace',
    message: `ownerRef [${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}] does not exist in namespace "${namespace}"`,
    component: 'garbage-collector-controller',
  });
}
