import type { JsonObject } from '#std';
import {
  CREATED,
  DELETED,
  SNAPSHOT_EVERY,
  type ChangedData,
  type CreatedData,
  type Fact,
  type StoredEvent,
} from '../event.js';
import type { KubeObject } from '../kube-object.js';
import type { StreamState } from '../view.js';
import { applyChange } from './change.js';

/**
 * The object after an event of any kind. Copies facts, computes nothing and never throws. `owned`: the caller holds the
 * only reference to object and event, so they are changed in place.
 */
export function evolve(
  object: KubeObject | undefined,
  event: Pick<StoredEvent, 'type' | 'data'>,
  owned = false,
): KubeObject | undefined {
  if (event.type === DELETED) return undefined;
  if (event.type === CREATED) return (event.data as unknown as CreatedData).object;
  // An upsert's first event carries the whole object under its own name.
  if (event.data['object'] !== undefined) return (event.data as unknown as CreatedData).object;
  return object === undefined ? undefined : applyChange(object, changeOf(event.data), owned);
}

/**
 * The next state of a stream; its object carries `metadata.resourceVersion`, the position of this event. Whoever owns
 * the state, and the event too, because nobody else ever sees them, has them written to: no version in between is kept.
 */
export function foldEvent(state: StreamState | undefined, event: Fact, owned = false): StreamState {
  const { revision, position } = event;
  const object = evolve(state?.object, event, owned);
  if (object === undefined) return { revision, position, object, ended: { at: event.time, uid: uidIn(event.data) } };
  const createdAt = creationOf(state, event, object);
  return {
    revision,
    position,
    object: withResourceVersion(object, String(position), owned),
    ...(createdAt !== undefined && { createdAt }),
  };
}

/** A snapshot decides, also when it does not say: a rebuild that begins with it knows no more. */
function creationOf(state: StreamState | undefined, { data, position }: Fact, object: KubeObject): number | undefined {
  if (data['snapshot'] !== undefined) return changeOf(data).createdAt;
  return state?.object?.metadata.uid === object.metadata.uid ? state.createdAt : position;
}

/** The data of a change with the object after it, where its revision is one to begin reading with. */
export function withSnapshot(
  data: JsonObject,
  revision: number,
  { object, createdAt }: Pick<StreamState, 'createdAt'> & { readonly object: KubeObject },
  every = SNAPSHOT_EVERY,
): JsonObject {
  if (revision % every !== 0 || data['object'] !== undefined) return data;
  const snapshot = withoutResourceVersion(object) as unknown as JsonObject;
  return { snapshot, ...(createdAt !== undefined && { createdAt }), ...data };
}
/** The state after an event that carries a snapshot, whatever was before it. The event is the caller's own. */
export function snapshotState({ data, revision, position }: Fact): StreamState | undefined {
  const { snapshot, createdAt } = changeOf(data);
  if (!snapshot) return undefined;
  const object = withResourceVersion(snapshot, String(position), true);
  return { revision, position, object, ...(createdAt !== undefined && { createdAt }) };
}

/** The object as it is shown: with the position that made it, in the canonical place. */
export function withResourceVersion<T extends KubeObject>(object: T, resourceVersion: string, owned = false): T {
  if (object.metadata.resourceVersion === resourceVersion) return object;
  // The place in the key order is there already: this is several times faster, and every fold does it.
  if (object.metadata.resourceVersion !== undefined) {
    if (!owned) return { ...object, metadata: { ...object.metadata, resourceVersion } };
    (object.metadata as { resourceVersion: string }).resourceVersion = resourceVersion;
    return object;
  }
  return applyChange(object, { set: [[['metadata', 'resourceVersion'], resourceVersion]] }, owned);
}
/** The object as it is stored. */
export function withoutResourceVersion<T extends KubeObject>(object: T): T {
  return object.metadata.resourceVersion === undefined
    ? object
    : applyChange(object, { unset: [['metadata', 'resourceVersion']] });
}

function uidIn(data: JsonObject): string {
  return typeof data['uid'] === 'string' ? data['uid'] : '';
}
function changeOf(data: JsonObject): Pick<ChangedData, 'set' | 'unset' | 'snapshot' | 'createdAt'> {
  return data as unknown as ChangedData;
}
