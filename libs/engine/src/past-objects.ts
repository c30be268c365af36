import { snapshotState, type Change, type KindId, type StoredEvent, type StreamState } from '#model';
import type { HistoryChanges, HistoryIndex } from '#ports';
import type { EventCodec } from './codec.js';
import type { Fold } from './fold.js';
import { withSealed } from './sealed-state.js';

export interface PastObjectsOptions {
  readonly index: Pick<HistoryIndex, 'get'>;
  readonly codec: Pick<EventCodec, 'decode'>;
  readonly fold: Fold;
}

/** Makes objects of the events that the history index gives. */
export class PastObjects {
  constructor(private readonly options: PastObjectsOptions) {}

  /** The state of a stream after events that begin with a whole object; undefined for none. The events are the caller's own. */
  async stateOf(events: readonly StoredEvent[]): Promise<StreamState | undefined> {
    const at = events.at(-1)?.position ?? 0;
    let some = events;
    for (let first = some[0]; first; first = some[0]) {
      const begin = this.begin(this.options.codec.decode(first));
      if (begin) return some.slice(1).reduce((state, event) => this.next(state, event, true), begin);
      // A snapshot of an older build whose form is another one today: begins with the one before it.
      some = await this.options.index.get({ stream: first.stream, at, below: first.position });
    }
    return undefined;
  }

  /** What the events of a slice changed. */
  async changesOf(kind: KindId, { events, before }: HistoryChanges): Promise<readonly Change[]> {
    const states = new Map<string, StreamState | undefined>();
    for (const made of before) states.set(made[0]?.stream ?? '', await this.stateOf(made));
    const changes: Change[] = [];
    for (const event of events) {
      const last = states.get(event.stream);
      const next = this.next(last, event, false);
      states.set(event.stream, next);
      const change = { kind, position: event.position, before: last?.object, after: next.object };
      if (change.before ?? change.after) changes.push(change);
    }
    return changes;
  }

  private begin(event: StoredEvent): StreamState | undefined {
    const snapshot = snapshotState(event);
    if (snapshot) return withSealed(snapshot, undefined, event, this.options.fold);
    return event.data['object'] === undefined ? undefined : this.folded(undefined, event, true);
  }
  private next(state: StreamState | undefined, event: StoredEvent, owned: boolean): StreamState {
    return this.folded(state, this.options.codec.decode(event), owned);
  }
  private folded(state: StreamState | undefined, event: StoredEvent, owned: boolean): StreamState {
    const { fold } = this.options;
    return withSealed(fold(state, event, owned), state, event, fold);
  }
}
