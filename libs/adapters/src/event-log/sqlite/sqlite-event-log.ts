import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { NewEvent, StoredEvent } from '#model';
import { EventTooLarge, LogDamaged, LogFailed, LogUnavailable } from '#ports';
import type { Appended, EventLog, LogSubscription, OnProgress, RecordedEvent } from '#ports';
import { LiveTail } from '../live-tail.js';
import type { Page } from '../live-tail.js';
import { AppendQueue, bodyOf } from '../log-worker/append-queue.js';
import { COLUMN_COUNT } from '../log-worker/page.js';
import type { AppendAnswer } from '../log-worker/protocol.js';
import { eventsIn } from '../log-worker/recorded-row.js';
import type { WorkerLink } from '../log-worker/worker-link.js';
import { FileWatch } from './file-watch.js';
import { faultsOf, linkTo } from './link.js';
import { OnDemandReader } from './on-demand-reader.js';
import type { PageReader } from './on-demand-reader.js';

const EVENT_BYTES_MAX = 16 * 1024 * 1024;
const FAR = Number.MAX_SAFE_INTEGER;
export interface SqliteEventLogOptions {
  /** `read` stands beside the one process that writes. */
  readonly mode?: 'write' | 'read';
  /** How long a reading process waits for the file watch before it looks by itself. */
  readonly lookAfterMs?: number;
  /** How the disk is to fail in a test; see {@link FaultyDisk}. */
  readonly faults?: string;
}
/**
 * The embedded log: one SQLite file, written by one process and read by any. Appends of one tick travel to the worker in
 * one message, and what arrives there during an fsync is committed together by the next.
 */
export class SqliteEventLog implements EventLog {
  readonly eventBytesMax = EVENT_BYTES_MAX;
  readonly positionsPerEvent = 1;
  readonly shared = false;
  readonly inOrder = true;
  readonly path: string;
  readonly #writer: WorkerLink | undefined;
  /** The worker of a process that only reads. */
  readonly #beside: WorkerLink | undefined;
  readonly #reader: PageReader;
  readonly #tail: LiveTail;
  readonly #origin: number;
  readonly #watch: FileWatch | undefined;
  readonly #appends: AppendQueue;
  #closed: LogUnavailable | LogFailed | LogDamaged | undefined;
  /** Why the last appends found no room. */
  #full: string | undefined;
  #lookingForRoom: Promise<void> | undefined;

  static async open(path: string, options: SqliteEventLogOptions = {}): Promise<SqliteEventLog> {
    const file = resolve(path);
    const mode = options.mode ?? 'write';
    // The worker speaks to a log that is made only when the worker has opened the file.
    const made: { log?: SqliteEventLog } = {};
    // Reads of the writing process go through a connection of their own, so that a long one never holds up a commit.
    const reader = new OnDemandReader(file, {
      faults: options.faults,
      onFailed: (cause) => {
        if (made.log !== undefined) made.log.#gone(cause);
      },
    });
    // Who opens a log that is not empty reads it next.
    const isThere = mode === 'write' && existsSync(file);
    if (isThere) reader.prepare();
    const first = linkTo(
      { path: file, mode, check: true, opens: true, ...faultsOf(options) },
      {
        onAppended: (answer) => {
          if (made.log !== undefined) made.log.#settle(answer);
        },
        onGone: (cause) => {
          if (made.log !== undefined) made.log.#gone(cause);
        },
      },
    );
    const { head, origin } = await first.opened.catch(async (cause: unknown) => {
      await reader.close();
      throw cause;
    });
    if (isThere) reader.warm();
    made.log = new SqliteEventLog(file, {
      worker: first,
      reader: mode === 'read' ? first : reader,
      mode,
      head,
      origin,
      lookAfterMs: options.lookAfterMs ?? 1000,
    });
    return made.log;
  }

  private constructor(path: string, parts: Parts) {
    const { worker, mode } = parts;
    this.path = path;
    this.#writer = mode === 'write' ? worker : undefined;
    this.#beside = mode === 'read' ? worker : undefined;
    this.#reader = parts.reader;
    this.#tail = new LiveTail(parts.head);
    this.#appends = new AppendQueue({
      send: (request) => this.#writer?.append(request),
      onDurable: (events) => this.#publish(events),
    });
    this.#origin = parts.origin;
    this.#watch = mode === 'read' ? new FileWatch(path, parts.lookAfterMs, () => this.#readNew()) : undefined;
  }

  append(stream: string, event: NewEvent, expectedRevision: number): Promise<Appended> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    if (this.#writer === undefined)
      return Promise.reject(new LogUnavailable(`The event log ${this.path} was opened for reading.`));
    const body = bodyOf(event);
    const bytes = body.length * 3 > EVENT_BYTES_MAX ? Buffer.byteLength(body) : 0;
    if (bytes > EVENT_BYTES_MAX) return this.#appends.refuse(new EventTooLarge(stream, bytes, EVENT_BYTES_MAX));
    return this.#appends.append(stream, event, expectedRevision, body);
  }

  async *readStream(stream: string, fromRevision: number): AsyncIterable<StoredEvent> {
    let from = Math.max(0, fromRevision);
    for (;;) {
      if (this.#closed !== undefined) throw this.#closed;
      const page = await this.#reader.streamPage(stream, from);
      yield* eventsIn(page);
      if (page.done) return;
      from += page.rows.length / COLUMN_COUNT;
    }
  }

  async *readAll(afterPosition: number): AsyncIterable<readonly RecordedEvent[]> {
    const until = await this.head();
    if (afterPosition >= until) return;
    yield* this.#reader.pages(afterPosition, until);
  }

  subscribe(
    afterPosition: number,
    onEvents: (events: readonly StoredEvent[]) => void,
    onEnd?: (cause: unknown) => void,
    onProgress?: OnProgress,
  ): LogSubscription {
    this.#watch?.start();
    return this.#tail.subscribe(afterPosition, { onEvents, onEnd, onProgress }, (after) => this.#readPage(after));
  }

  async head(): Promise<number> {
    if (this.#closed !== undefined) throw this.#closed;
    // The only writer is this object, and what it acknowledged it has also published.
    if (this.#beside === undefined) return this.#tail.position;
    const head = await this.#beside.head();
    if (head > this.#tail.position) this.#watch?.look();
    return head;
  }

  async problem(): Promise<string | undefined> {
    if (this.#closed === undefined && this.#full !== undefined && this.#writer !== undefined) {
      this.#lookingForRoom ??= this.#writer.room().then(
        () => (this.#full = this.#lookingForRoom = undefined),
        () => (this.#lookingForRoom = undefined),
      );
      await this.#lookingForRoom;
    }
    return this.#closed?.message ?? this.#full;
  }

  async origin(): Promise<number> {
    return this.#origin;
  }

  /** The chain that the file holds; the worker has checked it, or written it. */
  chain(_before: string, { digest, position }: StoredEvent | RecordedEvent): string {
    if (digest === undefined) throw new LogDamaged(`The event at position ${position} has no chain.`, { position });
    return digest;
  }

  async close(): Promise<void> {
    this.#watch?.stop();
    this.#tail.close();
    this.#appends.flush();
    // The writer last: the last connection folds the write-ahead log into the file, and a reading one cannot.
    await this.#reader.close();
    await this.#writer?.close();
    this.#gone(new LogUnavailable(`The event log ${this.path} is closed.`));
  }

  #settle(answer: AppendAnswer): void {
    const isFull = answer.failures.map(([, failure]) => failure).find((failure) => failure.is === 'full');
    if (isFull) this.#full = isFull.message;
    else if (answer.failures.length < answer.numbers.length) this.#full = undefined;
    this.#appends.settle(answer);
  }

  #publish(events: readonly StoredEvent[]): void {
    const fresh: StoredEvent[] = [];
    let last = this.#tail.position;
    for (const event of events) {
      // A repeated append gets its first result and is not an event again.
      if (event.position <= last) continue;
      fresh.push(event);
      last = event.position;
    }
    this.#tail.publish(fresh);
  }

  async #readPage(after: number): Promise<Page> {
    const page = await this.#reader.page(after, FAR);
    const events = eventsIn(page);
    return { events, upTo: events.at(-1)?.position ?? after };
  }

  /** Brings a reading process up to what the writer made durable; each event is decoded once for all subscribers. */
  async #readNew(): Promise<void> {
    try {
      for (;;) {
        const page = await this.#reader.page(this.#tail.position, FAR);
        this.#tail.publish(eventsIn(page));
        if (page.done) return;
      }
    } catch (cause) {
      if (this.#closed === undefined) this.#gone(cause);
    }
  }

  #gone(cause: unknown): void {
    if (this.#closed !== undefined) return;
    this.#closed =
      cause instanceof LogUnavailable || cause instanceof LogFailed || cause instanceof LogDamaged
        ? cause
        : new LogUnavailable(`The event log ${this.path} stopped.`, { cause });
    this.#appends.end(this.#closed);
    this.#tail.end(cause);
  }
}

interface Parts {
  readonly worker: WorkerLink;
  readonly reader: PageReader;
  readonly mode: 'write' | 'read';
  readonly head: number;
  readonly origin: number;
  readonly lookAfterMs: number;
}
