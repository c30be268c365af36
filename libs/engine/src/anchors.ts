import type { NewEvent, StoredEvent } from '#model';
import type { Clock, EventLog, Ids } from '#ports';
import { toEventTime } from '#std';
import type { EventCodec } from './codec.js';
import { CHECKPOINT_MADE, CHECKPOINT_STREAM, type CheckpointData } from './own-streams.js';
import type { ReadModel } from './read-model.js';
import { eventId } from './writer-event.js';

export const EVENTS_PER_ANCHOR = 1000;
export const ANCHOR_AFTER_MS = 10_000;
const REACHED_MS = 30_000;

export interface AnchorsOptions {
  readonly log: EventLog;
  readonly reads: ReadModel;
  readonly codec: Pick<EventCodec, 'encode'>;
  readonly ids: Ids;
  readonly clock: Clock;
  /** The writer's term; undefined when this process is not the writer any more. */
  readonly term: () => number | undefined;
  readonly eventsPerAnchor?: number;
  readonly onComplaint: (message: string) => void;
}

/**
 * Pins the hash chain: appends `CheckpointMade` with the hash of all events up to a position, every so many events, and some
 * seconds after the first one that no anchor follows. A cluster in which nothing happens writes none. An anchor that could
 * not be appended is made later: the next one covers all events before it.
 */
export class Anchors {
  private since = 0;
  private isAppending = false;
  private isTold = false;
  private cancel: (() => void) | undefined;
  private readonly unlisten: () => void;

  constructor(private readonly options: AnchorsOptions) {
    this.unlisten = options.reads.onChanges((_changes, events) => this.saw(events));
  }

  stop(): void {
    this.unlisten();
    this.cancel?.();
  }

  private saw(events: readonly StoredEvent[]): void {
    for (const { stream } of events) if (stream !== CHECKPOINT_STREAM) this.since++;
    this.plan();
  }

  private plan(): void {
    if (this.since === 0 || this.isAppending) return;
    if (this.since >= (this.options.eventsPerAnchor ?? EVENTS_PER_ANCHOR)) void this.anchor();
    else this.cancel ??= this.options.clock.after(ANCHOR_AFTER_MS, () => void this.anchor());
  }

  private async anchor(): Promise<void> {
    this.cancel?.();
    this.cancel = undefined;
    const { log, reads, codec, term } = this.options;
    const epoch = term();
    const tip = reads.chain.tip;
    if (epoch === undefined || tip === undefined) return;
    const { since } = this;
    this.since = 0;
    this.isAppending = true;
    let isMade = false;
    try {
      const revision = reads.projection.stream(CHECKPOINT_STREAM)?.revision ?? -1;
      const event = this.event(epoch, revision, { position: tip.position, hash: tip.hash });
      const { position } = await log.append(
        CHECKPOINT_STREAM,
        codec.encode(CHECKPOINT_STREAM, event, revision + 1),
        revision,
      );
      await reads.reached(position, REACHED_MS);
      isMade = true;
      this.isTold = false;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      if (!this.isTold) this.options.onComplaint(`The log's hash could not be written down, it is tried again: ${why}`);
      this.isTold = true;
    } finally {
      this.isAppending = false;
    }
    if (isMade) return this.plan();
    this.since += since;
    this.cancel ??= this.options.clock.after(ANCHOR_AFTER_MS, () => void this.anchor());
  }

  private event(epoch: number, revision: number, data: CheckpointData): NewEvent {
    const { ids, clock } = this.options;
    const cause = `checkpoint of position ${data.position}`;
    return {
      id: eventId(ids, { stream: CHECKPOINT_STREAM, expected: revision, cause }, epoch),
      type: CHECKPOINT_MADE,
      time: toEventTime(clock.now()),
      data: { position: data.position, hash: data.hash },
      metadata: { epoch, actor: 'system:shiplog:writer', via: 'writer', correlationId: cause, schemaVersion: 1 },
    };
  }
}
