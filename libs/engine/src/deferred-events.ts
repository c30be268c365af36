import { DELETED } from '#model';
import type { RecordedEvent } from '#ports';

/**
 * Largest distance of a deferred event behind the newest, in bytes of text. A larger one groups more events of a stream,
 * so fewer are parsed; it also bounds the memory. Near the end it is smaller, because the start waits for what is
 * deferred then.
 */
const BYTES_BEHIND_MAX = 32 * 1024 * 1024;
const BYTES_BEHIND_AT_THE_END = 2 * 1024 * 1024;
/** Keys that come first in an event's data where they are: see `ChangedData`. */
const SNAPSHOT = 'snapshot';
const UID = 'uid';

interface Waiting {
  /** How many bytes had been seen before the first of them. */
  since: number;
  /** So many of the events wait; those beyond are of an earlier use. */
  count: number;
  readonly events: RecordedEvent[];
}

/**
 * Defers the events of a rebuild, grouped by stream, so that each stream is folded in few passes and nothing before
 * its last snapshot is parsed.
 */
export class DeferredEvents<Stream> {
  private readonly streams = new Map<Stream, Waiting>();
  /** To be used again: a list that grew for as long as events wait would fill the old generation each time. */
  private spare: Waiting[] = [];
  private bytesSeen = 0;
  private first = 0;
  private last = 0;

  add(stream: Stream, event: RecordedEvent): void {
    let waiting = this.streams.get(stream);
    if (!waiting) {
      waiting = this.spare.pop() ?? { since: 0, count: 0, events: [] };
      waiting.since = this.bytesSeen;
      this.streams.set(stream, waiting);
    }
    waiting.events[waiting.count++] = event;
    this.bytesSeen += event.bytes;
    this.first ||= event.position;
    this.last = event.position;
  }

  /** Removes and returns the deferred events of a stream. */
  take(stream: Stream): readonly RecordedEvent[] {
    const waiting = this.streams.get(stream);
    if (!waiting) return [];
    const events = waiting.events.slice(0, waiting.count);
    waiting.count = 0;
    this.spare.push(waiting);
    this.streams.delete(stream);
    if (this.streams.size === 0) this.spare = [];
    return events;
  }

  /** Streams whose first deferred event lies more than `bytes` behind, furthest first. The caller takes each. */
  *behind(bytes: number): Iterable<Stream> {
    for (const [stream, { since }] of this.streams) {
      if (this.bytesSeen - since <= bytes) return;
      yield stream;
    }
  }

  /** Distance of the first deferred event, in bytes of text; 0 when there is none. */
  get bytesBehind(): number {
    for (const { since } of this.streams.values()) return this.bytesSeen - since;
    return 0;
  }

  /** Largest allowed `bytesBehind` when events up to position `upTo` are still to come. */
  allowed(upTo: number): number {
    const bytesToCome = (this.bytesSeen / (this.last - this.first + 1)) * (upTo - this.last);
    return Math.min(BYTES_BEHIND_MAX, Math.max(bytesToCome, BYTES_BEHIND_AT_THE_END));
  }
}

/** True for an event that replaces all state of its stream: a deletion or a snapshot. */
export function isNewBeginning({ type, firstKey }: RecordedEvent): boolean {
  return type === DELETED || firstKey === SNAPSHOT;
}
/** True for an event that certainly changes an existing object. */
export function isChange({ firstKey }: RecordedEvent): boolean {
  return firstKey === SNAPSHOT || firstKey === UID;
}
