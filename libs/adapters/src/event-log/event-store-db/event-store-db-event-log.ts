import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import type { NewEvent, StoredEvent } from '#model';
import { EventTooLarge, LogDamaged, LogUnavailable } from '#ports';
import type { Appended, EventLog, LogSubscription, OnProgress, RecordedEvent } from '#ports';
import { within } from '../../within.js';
import { DecodedEvent } from '../decoded-event.js';
import { LiveTail } from '../live-tail.js';
import type { Page } from '../live-tail.js';
import { AllSubscription } from './all-subscription.js';
import { eventBytesByProbe, eventBytesByVersion } from './append-size.js';
import { Appender } from './appender.js';
import { EventCodec, positionOf } from './codec.js';
import { isPermanent, pause, unavailable } from './faults.js';
import { allAfter, lastPosition, streamFrom } from './reading.js';
import { SharedClient, withoutPassword } from './shared-client.js';

const PAGE_EVENTS = 500;
/** A usual event as the server stores it: positions there are places in its file. */
const EVENT_BYTES = 1024;
const RETRY_MS = 100;

export interface EventStoreDbEventLogOptions {
  /** Keeps clusters apart that share a server. */
  readonly cluster?: string;
  /** `write` asks the server how large an event it takes; who only reads need not know. */
  readonly mode?: 'write' | 'read';
  /** How long one call waits for the server. */
  readonly answerMs?: number;
  /** How long calls are tried again before they fail. */
  readonly giveUpMs?: number;
}

/** The log on EventStoreDB or KurrentDB: many processes may write and read it, and other programs may use the server too. */
export class EventStoreDbEventLog implements EventLog {
  readonly shared = true;
  readonly eventBytesMax: number;
  readonly positionsPerEvent = EVENT_BYTES;
  readonly #server: string;
  readonly #client: SharedClient;
  readonly #codec: EventCodec;
  readonly #appender: Appender;
  readonly #tail: LiveTail;
  readonly #answerMs: number;
  readonly #giveUpMs: number;
  #live: AllSubscription | undefined;
  #closed = false;

  static async open(url: string, options: EventStoreDbEventLogOptions = {}): Promise<EventStoreDbEventLog> {
    const server = withoutPassword(url);
    const { answerMs = 5000, giveUpMs = 15_000, mode = 'write', cluster = 'default' } = options;
    const codec = new EventCodec(cluster);
    let client: SharedClient | undefined;
    try {
      client = SharedClient.take(url);
      const current = await client.get();
      const head = await within(lastPosition(current, answerMs), answerMs);
      const eventBytesMax =
        mode === 'write'
          ? await eventBytesByProbe(current, codec.streamOf('size-probe'), answerMs)
          : await eventBytesByVersion(current, answerMs);
      return new EventStoreDbEventLog({
        server,
        client,
        head,
        eventBytesMax,
        answerMs,
        giveUpMs,
        codec,
      });
    } catch (cause) {
      await client?.release();
      throw unavailable(server, cause);
    }
  }

  private constructor(parts: Parts) {
    const { server, client, answerMs, giveUpMs } = parts;
    this.#server = server;
    this.#client = client;
    this.#codec = parts.codec;
    this.eventBytesMax = parts.eventBytesMax;
    this.#tail = new LiveTail(parts.head);
    this.#answerMs = answerMs;
    this.#giveUpMs = giveUpMs;
    this.#appender = new Appender({ server, client, codec: this.#codec, head: parts.head, answerMs, giveUpMs });
  }

  async append(stream: string, event: NewEvent, expectedRevision: number): Promise<Appended> {
    this.#assertOpen();
    const text = JSON.stringify(event);
    const bytes = text.length * 3 > this.eventBytesMax ? Buffer.byteLength(text) : 0;
    if (bytes > this.eventBytesMax) throw new EventTooLarge(stream, bytes, this.eventBytesMax);
    return this.#appender.append(stream, event, expectedRevision);
  }

  async *readStream(stream: string, fromRevision: number): AsyncIterable<StoredEvent> {
    let next = Math.max(0, fromRevision);
    const retry = this.#retry();
    for (;;) {
      try {
        const client = await this.#client.get();
        for await (const recorded of streamFrom(client, this.#codec.streamOf(stream), next, {
          silenceMs: this.#answerMs,
        })) {
          const event = this.#codec.decode(recorded);
          if (event === undefined) continue;
          yield event;
          next = event.revision + 1;
          retry.progressed();
        }
        return;
      } catch (cause) {
        await retry.after(cause);
      }
    }
  }

  async *readAll(afterPosition: number): AsyncIterable<readonly RecordedEvent[]> {
    const until = await this.head();
    let batch: RecordedEvent[] = [];
    for await (const { event, position } of this.#everythingAfter(afterPosition)) {
      if (position > until) break;
      if (event !== undefined) batch.push(new DecodedEvent(event));
      if (batch.length < PAGE_EVENTS) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  subscribe(
    afterPosition: number,
    onEvents: (events: readonly StoredEvent[]) => void,
    onEnd?: (cause: unknown) => void,
    onProgress?: OnProgress,
  ): LogSubscription {
    this.#live ??= new AllSubscription(this.#client, {
      position: () => this.#tail.position,
      onRecorded: (recorded) => this.#publish(recorded),
      onEnd: (cause) => this.#tail.end(cause instanceof LogDamaged ? cause : unavailable(this.#server, cause)),
    });
    return this.#tail.subscribe(afterPosition, { onEvents, onEnd, onProgress }, (after) => this.#readPage(after));
  }

  /** The last event's position, whoever's it is: subscriptions pass every event and tell of foreign ones as progress. */
  async head(): Promise<number> {
    this.#assertOpen();
    const retry = this.#retry();
    for (;;) {
      try {
        const client = await this.#client.get();
        return await within(lastPosition(client, this.#answerMs), this.#answerMs);
      } catch (cause) {
        await retry.after(cause);
      }
    }
  }

  async origin(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#tail.close();
    await this.#live?.close();
    await this.#client.release();
  }

  #publish(recorded: readonly AllStreamRecordedEvent[]): void {
    const events = recorded.map((one) => this.#codec.decode(one)).filter((event) => event !== undefined);
    const last = recorded.at(-1);
    if (last !== undefined) this.#tail.publish(events, positionOf(last));
  }

  async #readPage(after: number): Promise<Page> {
    const events: StoredEvent[] = [];
    let upTo = after;
    let count = 0;
    for await (const { event, position } of this.#everythingAfter(after)) {
      if (event !== undefined) events.push(event);
      upTo = position;
      if (++count >= PAGE_EVENTS) break;
    }
    // The leader has more, because the live subscription saw more: it is a moment behind.
    if (upTo === after) await pause(RETRY_MS);
    return { events, upTo };
  }

  /** Each event on the server above a position; `event` is undefined where it is not of this log. */
  async *#everythingAfter(
    afterPosition: number,
  ): AsyncGenerator<{ readonly event: StoredEvent | undefined; readonly position: number }> {
    let after = afterPosition;
    const retry = this.#retry();
    for (;;) {
      try {
        const client = await this.#client.get();
        for await (const recorded of allAfter(client, after, this.#answerMs)) {
          const position = positionOf(recorded);
          yield { event: this.#codec.decode(recorded), position };
          after = position;
          retry.progressed();
        }
        return;
      } catch (cause) {
        await retry.after(cause);
      }
    }
  }

  #retry(): Retry {
    return new Retry(this.#server, this.#giveUpMs, () => this.#closed);
  }

  #assertOpen(): void {
    if (this.#closed) throw new LogUnavailable(`The event log at ${this.#server} is closed.`);
  }
}

interface Parts {
  readonly server: string;
  readonly client: SharedClient;
  readonly head: number;
  readonly eventBytesMax: number;
  readonly codec: EventCodec;
  readonly answerMs: number;
  readonly giveUpMs: number;
}

/** Tries again for a while after the last success; then the failure is the caller's. */
class Retry {
  readonly #server: string;
  readonly #giveUpMs: number;
  readonly #closed: () => boolean;
  #since = performance.now();

  constructor(server: string, giveUpMs: number, closed: () => boolean) {
    this.#server = server;
    this.#giveUpMs = giveUpMs;
    this.#closed = closed;
  }
  progressed(): void {
    this.#since = performance.now();
  }
  async after(cause: unknown): Promise<void> {
    if (cause instanceof LogDamaged) throw cause;
    if (this.#closed() || isPermanent(cause) || performance.now() - this.#since > this.#giveUpMs)
      throw unavailable(this.#server, cause);
    await pause(RETRY_MS);
  }
}
