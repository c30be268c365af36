import type { Fact, StreamState } from '#model';
import type { Fold } from './fold.js';

/** The state with the object as it is folded from what is still sealed: values stay as they were sealed when written. */
export function withSealed(state: StreamState, before: StreamState | undefined, event: Fact, fold: Fold): StreamState {
  const { sealedData } = event;
  if (sealedData === undefined || !state.object) return state;
  const snapshot = sealedData['snapshot'];
  // A snapshot is the whole object: what was removed one by one before it need not be remembered any more.
  const data = snapshot === undefined ? sealedData : { object: snapshot };
  const last = before?.sealed && { ...before, object: before.sealed };
  const { object } = fold(last, { ...event, data });
  if (!object) return state;
  return { ...state, sealed: object, ...(event.reopen && { object: event.reopen(object) }) };
}
