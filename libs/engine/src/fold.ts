import type { Fact, StreamState } from '#model';
import type { RecordedEvent } from '#ports';
import type { EventCodec } from './codec.js';

/**
 * Folds one event onto the state of its stream; `#kinds` and `#model` make it from the registry. A state and an event that
 * are `owned` may be written to.
 */
export type Fold = (state: StreamState | undefined, event: Fact, owned?: boolean) => StreamState;

export interface RebuildOptions {
  readonly codec: Pick<EventCodec, 'decode'>;
  /** Calls back in a later turn. */
  readonly soon: (callback: () => void) => void;
  /** Position of the last event that will come, or somewhat above it. */
  readonly upTo: number;
  /** Called with every event in its order, before it is folded: folding writes to it. */
  readonly each?: (event: RecordedEvent) => void;
}

export interface RestoredState {
  readonly entries: Iterable<readonly [string, StreamState]>;
  readonly children: Iterable<readonly [string, number]>;
  readonly position: number;
  readonly epoch: number;
  readonly cluster: string;
  readonly lastEnd: string;
}
