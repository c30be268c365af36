import { CREATED, DELETED, VALUES_SHREDDED, type Fact, type Path, type Shredding, type StreamState } from '#model';
import type { RecordedEvent } from '#ports';
import { jsonEquals } from '#std';
import type { Fold } from './fold.js';
import { sealedPaths } from './sealing.js';

/** The state with the object as it is folded from what is still sealed: values stay as they were sealed when written. */
export function withSealed(state: StreamState, before: StreamState | undefined, event: Fact, fold: Fold): StreamState {
  const { sealedData } = event;
  if (sealedData === undefined) return state;
  const shredding = shreddingAfter(before?.shredding, event);
  const next = shredding ? { ...state, shredding } : state;
  if (!state.object) return next;
  const snapshot = sealedData['snapshot'];
  // A snapshot is the whole object: what was removed one by one before it need not be remembered any more.
  const data = snapshot === undefined ? sealedData : { object: snapshot };
  const last = before?.sealed && { ...before, object: before.sealed.object };
  const { object } = fold(last, { ...event, data });
  if (!object) return next;
  const paths = allPaths(sealedPaths(sealedData), last && before.sealed?.paths);
  const sealed = { object, paths };
  return { ...next, sealed, object: event.reopen?.(object, paths) ?? opened(state, before, event, fold) };
}

/** What an event seals, and what was sealed before it. */
function allPaths(paths: readonly Path[], before: readonly Path[] = paths): readonly Path[] {
  const isNew = (path: Path): boolean => !before.some((known) => jsonEquals(known, path));
  const added = paths.filter(isNew);
  return added.length === 0 ? before : [...before, ...added];
}

/** Values before the snapshot may be shredded; in the snapshot they are there. */
function opened(state: StreamState, before: StreamState | undefined, event: Fact, fold: Fold): StreamState['object'] {
  const { snapshot } = event.data;
  if (snapshot === undefined || before === undefined) return state.object;
  return fold(undefined, { ...event, data: { object: snapshot } }).object;
}

/** What is to be forgotten of a stream after an event, given what was before it. A new object begins with nothing. */
function shreddingAfter(
  before: Shredding | undefined,
  { type, data, revision, position }: Fact,
): Shredding | undefined {
  if (type === CREATED || type === DELETED) return undefined;
  if (type !== VALUES_SHREDDED) return before;
  const kept = data['snapshot'] === undefined ? before?.kept : { revision, position };
  const { shredded } = data;
  return { ...(kept && { kept }), objects: Array.isArray(shredded) ? shredded.map(String) : [] };
}

/** The same over events that are not folded, since a snapshot follows on them. `open` is undefined for one that does not count. */
export function shreddingOver(
  events: readonly RecordedEvent[],
  before: Shredding | undefined,
  open: (event: RecordedEvent) => Fact | undefined,
): Shredding | undefined {
  let shredding = before;
  for (const event of events) {
    if (event.type !== VALUES_SHREDDED && event.type !== CREATED && event.type !== DELETED) continue;
    const fact = open(event);
    if (fact) shredding = shreddingAfter(shredding, fact);
  }
  return shredding;
}
