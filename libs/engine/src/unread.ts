import { DELETED } from '#model';
import type { RecordedEvent } from '#ports';

/**
 * How far an event that is set aside may lie behind, in bytes of text: the further, the more events of a stream come
 * together, and the less of them has to be read. It bounds the memory, too. Near the end it is less, because for what is
 * set aside then everybody waits.
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

/** Events of the past that wait to be read, by their streams. */
export class Unread<Stream> {
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

  /** Takes the events of a stream. */
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

  /** Streams whose first event lies further behind than that, the furthest first. Who gets one takes it. */
  *behind(bytes: number): Iterable<Stream> {
    for (const [stream, { since }] of this.streams) {
      if (this.bytesSeen - since <= bytes) return;
      yield stream;
    }
  }

  /** How far the first of all events lies behind; 0 when none waits. */
  get bytesBehind(): number {
    for (const { since } of this.streams.values()) return this.bytesSeen - since;
    return 0;
  }

  /** How far it may be, when events up to this position are still to come. */
  allowed(upTo: number): number {
    const bytesToCome = (this.bytesSeen / (this.last - this.first + 1)) * (upTo - this.last);
    return Math.min(BYTES_BEHIND_MAX, Math.max(bytesToCome, BYTES_BEHIND_AT_THE_END));
  }
}

/** What was before such an event, an object shows nothing of. */
export function isNewBeginning({ type, firstKey }: RecordedEvent): boolean {
  return type === DELETED || firstKey === SNAPSHOT;
}
/** Whether it is surely of an object that was there before it. */
export function isChange({ firstKey }: RecordedEvent): boolean {
  return firstKey === SNAPSHOT || firstKey === UID;
}
