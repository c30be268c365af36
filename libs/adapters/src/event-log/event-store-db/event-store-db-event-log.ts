import type { NewEvent, StoredEvent } from '#model';
import { EventTooLarge, LogUnavailable } from '#ports';
import type { Appended, EventLog, LogSubscription, OnProgress, RecordedEvent } from '#ports';
import { chainWith } from '../chain.js';
import { LiveTail } from '../live-tail.js';
import type { Page } from '../live-tail.js';
import { within } from '../../within.js';
import { AppendQueue, bodyOf } from '../log-worker/append-queue.js';
import type { LiveAnswer, Opened } from '../log-worker/protocol.js';
import { eventsIn, RecordedPage, stored } from '../log-worker/recorded-row.js';
import { WorkerLink } from '../log-worker/worker-link.js';
import { eventLogName } from '../event-log-name.js';
import type { EsdbSetup } from './setup.js';

/** A usual event as the server stores it: positions there are places in its file. */
const EVENT_BYTES = 1024;
const FAR = Number.MAX_SAFE_INTEGER;
/** Before a page that was empty is asked for again. */
const BEHIND_MS = 100;

export interface EventStoreDbEventLogOptions {
  /** Keeps clusters apart that share a server. */
  readonly cluster?: string;
  /** `write` asks the server how large an event it takes; a reader need not know. */
  readonly mode?: 'write' | 'read';
  /** How long one call waits for the server. */
  readonly answerMs?: number;
  /** How long calls are tried again before they fail. */
  readonly giveUpMs?: number;
}

/** How long a look at whether the server answers takes at most. */
const PROBLEM_MS = 2500;

/**
 * The log on EventStoreDB or KurrentDB: many processes may write and read it, and other programs may use the server too.
 * All work with the server is done by a worker thread.
 */
export class EventStoreDbEventLog implements EventLog {
  readonly shared = true;
  readonly inOrder = false;
  readonly eventBytesMax: number;
  readonly positionsPerEvent = EVENT_BYTES;
  readonly #server: string;
  readonly #link: WorkerLink;
  readonly #appends: AppendQueue;
  readonly #tail: LiveTail;
  #isFollowing = false;
  #closed: LogUnavailable | undefined;

  static async open(url: string, options: EventStoreDbEventLogOptions = {}): Promise<EventStoreDbEventLog> {
    const { answerMs = 3000, giveUpMs = 15_000, mode = 'write', cluster = 'default' } = options;
    const server = eventLogName(url);
    // The worker speaks to a log that is made only when the worker has found the server.
    const made: { log?: EventStoreDbEventLog } = {};
    const link = new WorkerLink({
      entry: new URL('./worker.js', import.meta.url),
      setup: { url, cluster, mode, answerMs, giveUpMs } satisfies EsdbSetup,
      name: `at ${server}`,
      onAppended: (answer) => {
        if (made.log !== undefined) made.log.#appends.settle(answer);
      },
      onGone: (cause) => {
        if (made.log !== undefined) made.log.#gone(cause);
      },
    });
    made.log = new EventStoreDbEventLog(server, link, await link.opened);
    return made.log;
  }

  private constructor(server: string, link: WorkerLink, { head, eventBytesMax = 0 }: Opened) {
    this.#server = server;
    this.#link = link;
    this.eventBytesMax = eventBytesMax;
    this.#tail = new LiveTail(head);
    this.#appends = new AppendQueue({ send: (request) => link.append(request), keepsSent: () => this.#isFollowing });
  }

  async append(stream: string, event: NewEvent, expectedRevision: number): Promise<Appended> {
    this.#assertOpen();
    const body = bodyOf(event);
    const bytes = body.length * 3 > this.eventBytesMax ? Buffer.byteLength(body) : 0;
    if (bytes > this.eventBytesMax) throw new EventTooLarge(stream, bytes, this.eventBytesMax);
    return this.#appends.append(stream, event, expectedRevision, body);
  }

  async *readStream(stream: string, fromRevision: number): AsyncIterable<StoredEvent> {
    let from = Math.max(0, fromRevision);
    for (;;) {
      this.#assertOpen();
      const page = await this.#link.streamPage(stream, from);
      for (const event of eventsIn(page)) {
        yield event;
        from = event.revision + 1;
      }
      if (page.done) return;
    }
  }

  async *readAll(afterPosition: number): AsyncIterable<readonly RecordedEvent[]> {
    const until = await this.head();
    if (afterPosition < until) yield* this.#link.pages(afterPosition, until);
  }

  subscribe(
    afterPosition: number,
    onEvents: (events: readonly StoredEvent[]) => void,
    onEnd?: (cause: unknown) => void,
    onProgress?: OnProgress,
  ): LogSubscription {
    if (!this.#isFollowing) void this.#follow();
    return this.#tail.subscribe(afterPosition, { onEvents, onEnd, onProgress }, (after) => this.#readPage(after));
  }

  /** Position of this cluster's last event: what others wrote after it is nothing to wait for. */
  async head(): Promise<number> {
    this.#assertOpen();
    return this.#link.head();
  }

  async problem(): Promise<string | undefined> {
    if (this.#closed) return 'The event store was closed.';
    return within(this.#link.head(), PROBLEM_MS).then(
      () => undefined,
      () => 'The event store does not answer.',
    );
  }

  async origin(): Promise<number> {
    return 0;
  }

  chain(before: string, event: StoredEvent | RecordedEvent): string {
    return chainWith(before, event);
  }

  async close(): Promise<void> {
    if (this.#closed !== undefined) return;
    this.#tail.close();
    this.#gone(new LogUnavailable(`The event log at ${this.#server} is closed.`));
    await this.#link.close();
  }

  async #follow(): Promise<void> {
    this.#isFollowing = true;
    try {
      while (this.#closed === undefined) {
        const page = await this.#link.live(this.#tail.position);
        this.#tail.publish(this.#opened(page), page.upTo);
      }
    } catch (cause) {
      if (this.#closed === undefined) this.#tail.end(cause);
    }
  }

  /** What this process appended itself is here already: only others' events are parsed. */
  #opened(page: LiveAnswer): readonly StoredEvent[] {
    return new RecordedPage().hold(page).map((recorded, index) => {
      const own = this.#appends.takeSent(page.own?.[index] ?? -1);
      return own ? stored(own, recorded) : recorded.open();
    });
  }

  async #readPage(after: number): Promise<Page> {
    const page = await this.#link.page(after, FAR);
    const events = eventsIn(page);
    // The node that answers is a moment behind the one that the subscription follows.
    if (events.length === 0) await new Promise((resolve) => setTimeout(resolve, BEHIND_MS));
    return { events, upTo: events.at(-1)?.position ?? after };
  }

  #gone(cause: unknown): void {
    if (this.#closed !== undefined) return;
    this.#closed =
      cause instanceof LogUnavailable
        ? cause
        : new LogUnavailable(`The event log at ${this.#server} stopped.`, { cause });
    this.#appends.end(this.#closed);
    this.#tail.end(cause);
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) throw this.#closed;
  }
}
