import type { Command, DecidedEvent, KindRegistry, KubeObject, NewEvent, RecordedAnswer } from '#model';
import { withSnapshot } from '#model';
import type { EventLog, Ids } from '#ports';
import { toEventTime, type Instant, type Json, type JsonObject } from '#std';
import type { EventCodec } from './codec.js';
import { fits } from './event-size.js';
import { provenanceOf } from './provenance.js';

/** What a writer has decided, before it is an event. */
export interface Decided {
  readonly type: string;
  readonly data: NewEvent['data'];
  /** Undefined of what the writer does by itself. */
  readonly command: Command | undefined;
  readonly now: Instant;
  readonly epoch: number;
  /** What others outside of the log said to it. */
  readonly answers?: readonly RecordedAnswer[] | undefined;
}

export interface EventPlace {
  readonly stream: string;
  readonly expected: number;
  readonly cause: string;
}
/** What an event says beside its decision. */
export interface Logged extends Pick<Decided, 'now' | 'epoch'> {
  readonly at: EventPlace;
  readonly command: Command;
  /** The object after it, where a snapshot may say it. */
  readonly snapshot?: { readonly object: KubeObject; readonly createdAt?: number };
}

/** The event of a decision as the log stores it. A snapshot only makes a rebuild faster: what is too large with it goes without. */
export function loggedEvent(
  options: {
    readonly log: EventLog;
    readonly codec: EventCodec;
    readonly ids: Ids;
    readonly kinds: KindRegistry;
    readonly snapshotEvery?: number;
  },
  decided: DecidedEvent,
  { at, command, now, epoch, snapshot }: Logged,
): NewEvent {
  const { log, codec, snapshotEvery } = options;
  const { type, data: changed } = decided.event as NonNullable<DecidedEvent['event']>;
  const revision = at.expected + 1;
  const what = { type, command, now, epoch, answers: decided.answers };
  const encoded = (data: JsonObject) => codec.encode(at.stream, eventOf(options, at, { ...what, data }), revision);
  const full = encoded(snapshot ? withSnapshot(changed, revision, snapshot, snapshotEvery) : changed);
  return 'snapshot' in full.data && !fits(full, log.eventBytesMax) ? encoded(changed) : full;
}

/**
 * The id of an event follows from the stream, the revision that it was decided on, the term and the cause: decided again on the same
 * revision in the same term it is the same event, and a log that has it says so. In another term it is another event, whoever
 * decides it: the log may have the first one behind a later election, where it does not count.
 */
export function eventId(ids: Ids, { stream, expected, cause }: EventPlace, epoch: number): string {
  return ids.named(`${stream} ${expected} ${epoch} ${cause}`);
}

/** The event of a decision. */
export function eventOf(
  { ids, kinds }: { readonly ids: Ids; readonly kinds: KindRegistry },
  at: EventPlace,
  { type, data, command, now, epoch, answers }: Decided,
): NewEvent {
  const kind = command && kinds.byId(command.kind);
  const sealed = kind?.sealed ?? [];
  return {
    id: eventId(ids, at, epoch),
    type,
    time: toEventTime(now),
    // Last: readers tell events apart by the first key of their data.
    data: sealed.length > 0 ? { ...data, sealed: sealed as unknown as Json } : data,
    metadata: {
      epoch,
      ...(command ? provenanceOf(command) : { actor: 'system:shiplog:writer', via: 'writer' }),
      ...(command?.because !== undefined && { because: command.because }),
      ...(command?.causes && { causes: command.causes }),
      ...(command?.causeCount !== undefined && { causeCount: command.causeCount }),
      correlationId: command?.correlationId ?? at.cause,
      ...(command?.traceparent && { traceparent: command.traceparent }),
      schemaVersion: kind?.schemaVersion ?? 1,
      ...(command?.basis && { basis: command.basis }),
      ...(answers && answers.length > 0 && { answers }),
    },
  };
}
