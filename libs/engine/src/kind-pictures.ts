import type { KindRegistry, StreamState } from '#model';
import type { Projection } from './projection.js';

/** The next view that is decided on: the pictures of the kinds follow it instead of the last one. */
export function succeeding(kinds: KindRegistry, last: Projection, next: Projection): Projection {
  for (const { picture } of kinds.all) {
    picture?.leave(last);
    picture?.follow(next);
  }
  return next;
}

export interface NextState {
  readonly stream: string;
  readonly state: StreamState;
  readonly position: number;
}
/** Replaces the state of a stream in the view that is decided on, and brings its kind's picture up to date. */
export function putState(kinds: KindRegistry, ahead: Projection, { stream, state, position }: NextState): void {
  const change = ahead.put(stream, state, position);
  kinds.byId(change.kind)?.picture?.changed(ahead, [change]);
}
