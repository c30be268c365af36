import type { Fact, FieldChange, KubeObject, Path, StoredEvent, StreamState } from '#model';
import { CREATED, fieldChanges, fieldName, foldEvent, OBJECT_DATA, SNAPSHOT_EVERY, snapshotState } from '#model';
import type { EventLog } from '#ports';
import type { Json, JsonObject } from '#std';
import { type EventCodec } from '../codec.js';
import { eventsBetween } from '../log-reading.js';
import { sealedPaths } from '../sealing.js';

/** An event of an object with what it changed. */
export interface PastEvent {
  readonly event: StoredEvent;
  /** Of the event that began the object's life: nothing, the object was made as it was asked for. */
  readonly changes: readonly FieldChange[];
  /** The object after it; undefined once it is gone. Sealed values are not in it. */
  readonly object: KubeObject | undefined;
  /** What the event says beside the object: the node of a `PodBound`. */
  readonly facts: JsonObject;
}
export interface PastEvents {
  /** The newest last. */
  readonly events: readonly PastEvent[];
  /** Revision of the first, when there are older ones. */
  readonly older: number | undefined;
}

/** Set by the writer with every change: nobody asks why. */
const BOOKKEEPING: readonly string[] = ['metadata.managedFields', 'metadata.generation', 'metadata.resourceVersion'];
/** Fields that are shown of one event. */
const CHANGES_MAX = 200;

/** Reads what happened to single objects, without their secret values: `codec` has no keys. */
export class ObjectHistory {
  constructor(
    private readonly log: Pick<EventLog, 'readStream' | 'readAll'>,
    private readonly codec: Pick<EventCodec, 'decode'>,
  ) {}

  /** The last `limit` events of a stream before a revision, none of them above a position. */
  async of(stream: string, { limit, before, until }: Wanted): Promise<PastEvents> {
    const last = before ?? (await this.lengthOf(stream));
    // From an event that has the whole object, or from the first.
    for (let reach = limit + SNAPSHOT_EVERY; ; reach *= 4) {
      const from = Math.max(0, last - reach);
      const read = await this.readFrom(stream, from, { last, until });
      if (read === undefined) continue;
      const events = read.slice(-limit);
      return { events, older: (events[0]?.event.revision ?? 0) > 0 ? events[0]?.event.revision : undefined };
    }
  }

  /** The event at a position. */
  async at(position: number): Promise<StoredEvent | undefined> {
    for await (const events of eventsBetween(this.log, position - 1, position))
      for (const recorded of events) if (recorded.position === position) return this.codec.decode(recorded.open());
    return undefined;
  }

  private async lengthOf(stream: string): Promise<number> {
    let length = 0;
    for await (const { revision } of this.log.readStream(stream, 0)) length = revision + 1;
    return length;
  }

  /** Undefined when nothing there says what the whole object was. */
  private async readFrom(
    stream: string,
    from: number,
    { last, until }: { readonly last: number; readonly until: number },
  ): Promise<readonly PastEvent[] | undefined> {
    const read: PastEvent[] = [];
    let state: StreamState | undefined;
    let isKnown = from === 0;
    for await (const stored of this.log.readStream(stream, from)) {
      if (stored.revision >= last || stored.position > until) break;
      const event = this.codec.decode(stored);
      const isWhole = event.type === CREATED || 'snapshot' in event.data;
      const before = state?.object;
      if (isKnown) state = foldEvent(state, event);
      else if (isWhole) state = snapshotState(event) ?? foldEvent(undefined, event);
      if (isKnown) read.push(pastEvent(event, before, state?.object));
      isKnown ||= isWhole;
    }
    return isKnown ? read : undefined;
  }
}

export interface Wanted {
  readonly limit: number;
  /** Revision; undefined: from the newest on. */
  readonly before?: number | undefined;
  /** Position; nothing after it is seen. */
  readonly until: number;
}

function pastEvent(event: StoredEvent, before: KubeObject | undefined, after: KubeObject | undefined): PastEvent {
  const entries = Object.entries(event.data).filter(([name]) => !OBJECT_DATA.includes(name));
  const facts = Object.fromEntries(entries) as JsonObject;
  const isChange = before !== undefined && after !== undefined;
  return { event, changes: isChange ? changesOf(event, before, after) : [], object: after, facts };
}

function changesOf(event: StoredEvent, before: KubeObject, after: KubeObject): readonly FieldChange[] {
  const found = fieldChanges(before as unknown as Json, after as unknown as Json);
  const shown = found.filter(({ field }) => !BOOKKEEPING.some((name) => field.startsWith(name)));
  return [...shown, ...sealedChanges(event)].slice(0, CHANGES_MAX);
}

/** Without keys all sealed values read the same, so the event itself says which of them it sets. */
function sealedChanges(event: Fact): readonly FieldChange[] {
  const data = event.sealedData ?? event.data;
  const sealed = sealedPaths(data);
  const isSealed = (path: Path): boolean => sealed.some((outer) => outer.every((key, i) => path[i] === key));
  const set = Array.isArray(data['set']) ? (data['set'] as unknown as readonly (readonly [Path, Json])[]) : [];
  return set.filter(([path]) => isSealed(path)).map(([path]) => ({ field: fieldName(path), isSealed: true }));
}
