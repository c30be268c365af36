import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { within } from '../../within.js';
import { emptyPage, memoryOf, PageBuilder, PageMemory, type PageContent, type Row } from '../log-worker/page.js';
import type {
  AppendAnswer,
  AppendRequest,
  Failure,
  FromWorker,
  LiveRequest,
  PageRequest,
  ReadRequest,
  ToWorker,
} from '../log-worker/protocol.js';
import { eventLogName, scrubber } from '../event-log-name.js';
import { Appender, type AppendOutcome } from './appender.js';
import { EventCodec } from './codec.js';
import { failureOf, pause } from './faults.js';
import { LiveEvents } from './live-events.js';
import { LogClient } from './log-client.js';
import { LogReads } from './log-reads.js';
import { OwnEvents } from './own-events.js';
import { Retry } from './retry.js';
import type { EsdbSetup } from './setup.js';
import { eventBytesByProbe, eventBytesByVersion } from './size.js';

/** A look at the head is for somebody who waits: it fails sooner than what may be tried again unseen. */
const HEAD_GIVE_UP_MS = 4000;
/** A message costs the main thread more than an event: while so many appends wait, their answers are gathered. */
const MANY = 8;
const GATHER_MS = 1;
/** The library waits for the end of every call, and a call on a dead connection may have none. */
const DISPOSE_MS = 500;

/** A read that stays open from one page of a cursor to the next. */
interface Cursor {
  readonly rows: AsyncGenerator<Row>;
  readonly streams: Map<string, number>;
}

/** The thread that has the client: gRPC, its decoding and JSON cost the main thread nothing here. */
class LogWorker {
  readonly #port: MessagePort;
  readonly #setup: EsdbSetup;
  readonly #client: LogClient;
  readonly #codec: EventCodec;
  readonly #reads: LogReads;
  readonly #appender: Appender;
  readonly #memory = new PageMemory();
  readonly #own = new OwnEvents();
  readonly #cursors = new Map<number, Cursor>();
  /** Pages of one cursor are read one after the other. */
  readonly #turns = new Map<number, Promise<unknown>>();
  #live: LiveEvents | undefined;
  #settled: { number: number; outcome: AppendOutcome }[] = [];
  #closed = false;

  constructor(port: MessagePort, setup: EsdbSetup, parts: Parts) {
    this.#port = port;
    this.#setup = setup;
    this.#client = parts.client;
    this.#codec = parts.codec;
    this.#reads = parts.reads;
    const { answerMs, giveUpMs } = setup;
    this.#appender = new Appender({ ...parts, own: this.#own, answerMs, giveUpMs });
    port.on('message', (message: ToWorker) => this.#take(message));
  }

  #take(message: ToWorker): void {
    switch (message.is) {
      case 'append':
        return this.#append(message);
      case 'page':
      case 'stream-page':
      case 'head':
      case 'room':
        return void this.#answer(message);
      case 'live':
        return void this.#giveLive(message);
      case 'end':
        return void this.#end(message.cursor);
      case 'back':
        return this.#memory.giveBack(message.bytes, this.#cursors.size > 0);
      case 'close':
        return void this.#close();
      case 'open':
    }
  }

  #append({ first, streams, expectedRevisions, bodies }: AppendRequest): void {
    bodies.forEach((body, index) => {
      const expectedRevision = expectedRevisions[index] ?? -1;
      const wanted = { number: first + index, stream: streams[index] ?? '', body, expectedRevision };
      void this.#appender
        .append(wanted)
        .catch((cause: unknown) => this.#failure(cause))
        .then((outcome) => this.#settle(first + index, outcome));
    });
  }

  /** What is settled in one turn of the loop is one message; while many are under way, what is within a millisecond. */
  #settle(number: number, outcome: AppendOutcome): void {
    if (this.#settled.push({ number, outcome }) > 1) return;
    const flush = (): void => {
      const answer = this.#takeSettled();
      if (answer !== undefined) this.#say(answer);
    };
    if (this.#appender.underWay < MANY) setImmediate(flush);
    else setTimeout(flush, GATHER_MS);
  }

  /** Answers to what is settled and was not answered; undefined when there is nothing. */
  #takeSettled(): AppendAnswer | undefined {
    const settled = this.#settled;
    this.#settled = [];
    return settled.length === 0 ? undefined : answerOf(settled);
  }

  async #answer(read: ReadRequest): Promise<void> {
    const { seq } = read;
    try {
      if (read.is === 'head' || read.is === 'room') this.#say({ is: 'head', seq, head: await this.#head() });
      else if (read.is === 'stream-page')
        this.#say({ is: 'page', seq, ...(await this.#streamPage(read.stream, read.from)) });
      else this.#say({ is: 'page', seq, ...(await this.#page(read)) });
    } catch (cause) {
      this.#say({ is: 'failed', seq, failure: this.#failure(cause) });
    }
  }

  async #head(): Promise<number> {
    const retry = this.#retry(Math.min(HEAD_GIVE_UP_MS, this.#setup.giveUpMs));
    for (;;) {
      try {
        return await within(this.#reads.head(), this.#setup.answerMs);
      } catch (cause) {
        await retry.after(cause);
      }
    }
  }

  async #giveLive({ seq, after }: LiveRequest): Promise<void> {
    const { isClosed } = this;
    const parts = {
      client: this.#client,
      codec: this.#codec,
      reads: this.#reads,
      memory: this.#memory,
      own: this.#own,
    };
    this.#own.isFollowed = true;
    this.#live ??= new LiveEvents(after, { ...parts, isClosed });
    try {
      if (this.#appender.underWay >= MANY) await pause(GATHER_MS);
      const page = await this.#live.take();
      const appended = this.#takeSettled();
      this.#say({ is: 'live', seq, ...page, ...(appended && { appended }) });
    } catch (cause) {
      this.#say({ is: 'failed', seq, failure: this.#failure(cause) });
    }
  }

  async #streamPage(stream: string, from: number): Promise<PageContent> {
    const page = new PageBuilder(this.#memory);
    const retry = this.#retry();
    for (let next = from; ;) {
      try {
        for await (const row of this.#reads.stream(stream, next)) {
          page.put(row);
          next = row.revision + 1;
          if (page.full) break;
        }
        return page.content();
      } catch (cause) {
        await retry.after(cause);
      }
    }
  }

  async #page(request: PageRequest): Promise<PageContent> {
    const { cursor } = request;
    if (cursor === undefined) return this.#filled(this.#rowsAfter(request.after), request);
    const turn = (this.#turns.get(cursor) ?? Promise.resolve()).then(() => this.#nextOf(cursor, request));
    this.#turns.set(
      cursor,
      turn.catch(() => undefined),
    );
    return turn;
  }

  async #nextOf(number: number, request: PageRequest): Promise<PageContent> {
    const cursor = this.#cursors.get(number) ?? { rows: this.#rowsAfter(request.after), streams: new Map() };
    if (!this.#turns.has(number)) return emptyPage();
    this.#cursors.set(number, cursor);
    return this.#filled(cursor.rows, request, cursor.streams);
  }

  async #filled(rows: AsyncGenerator<Row>, { until, cursor }: PageRequest, streams?: Map<string, number>) {
    const page = new PageBuilder(this.#memory, streams);
    let isOver = false;
    while (!page.full && !isOver) {
      const next = await rows.next();
      if (next.done === true || next.value.position > until) isOver = true;
      else page.put(next.value);
      if (next.done !== true && next.value.position === until) isOver = true;
    }
    if (isOver || cursor === undefined) await rows.return(undefined);
    return { ...page.content(), done: isOver };
  }

  /** Own events above a position, over broken connections. */
  async *#rowsAfter(position: number): AsyncGenerator<Row> {
    const retry = this.#retry();
    for (let after = position; ;) {
      try {
        for await (const row of this.#reads.after(after)) {
          yield row;
          after = row.position;
          retry.progressed();
        }
        return;
      } catch (cause) {
        await retry.after(cause);
      }
    }
  }

  /** Pages that were asked ahead are answered empty. */
  async #end(number: number): Promise<void> {
    this.#turns.delete(number);
    const cursor = this.#cursors.get(number);
    this.#cursors.delete(number);
    if (this.#cursors.size === 0) this.#memory.shrink();
    await cursor?.rows.return(undefined);
  }

  async #close(): Promise<void> {
    this.#closed = true;
    await within(this.#client.dispose(), DISPOSE_MS).catch(() => undefined);
    // What is still under way on a dead connection would keep the thread.
    process.exit(0);
  }

  readonly isClosed = (): boolean => this.#closed;

  #retry(giveUpMs = this.#setup.giveUpMs): Retry {
    return new Retry({ client: this.#client, giveUpMs, isClosed: this.isClosed });
  }

  #failure(cause: unknown): Failure {
    const { url } = this.#setup;
    return failureOf(cause, eventLogName(url), scrubber(url));
  }

  #say(message: FromWorker): void {
    if (this.#closed) return;
    const isPage = message.is === 'page' || message.is === 'live';
    // A page's bytes are handed over, not copied.
    this.#port.postMessage(message, isPage ? memoryOf(message) : []);
  }
}

interface Parts {
  readonly client: LogClient;
  readonly codec: EventCodec;
  readonly reads: LogReads;
  readonly head: number;
}

function answerOf(settled: readonly { readonly number: number; readonly outcome: AppendOutcome }[]): AppendAnswer {
  const failures: (readonly [number, Failure])[] = [];
  settled.forEach(({ outcome }, index) => 'is' in outcome && failures.push([index, outcome]));
  return {
    is: 'appended',
    numbers: settled.map(({ number }) => number),
    fullGroups: 0,
    positions: settled.map(({ outcome }) => ('is' in outcome ? 0 : outcome.position)),
    revisions: settled.map(({ outcome }) => ('is' in outcome ? 0 : outcome.revision)),
    failures,
  };
}

async function start(port: MessagePort, setup: EsdbSetup): Promise<void> {
  const { url, cluster, mode, answerMs } = setup;
  try {
    const codec = new EventCodec(cluster);
    const client = LogClient.connect(url);
    const reads = new LogReads(client, codec, answerMs);
    const head = await within(reads.head(), answerMs);
    const eventBytesMax =
      mode === 'write'
        ? await eventBytesByProbe(client, codec.streamOf('size-probe'), answerMs)
        : await eventBytesByVersion(client, answerMs);
    new LogWorker(port, setup, { client, codec, reads, head });
    port.postMessage({ is: 'opened', head, origin: 0, eventBytesMax } satisfies FromWorker);
  } catch (cause) {
    const failure = failureOf(cause, eventLogName(url), scrubber(url));
    port.postMessage({ is: 'broken', failure } satisfies FromWorker);
    // The message must have left before the thread ends.
    await pause(0);
    process.exit(0);
  }
}

if (parentPort !== null) void start(parentPort, workerData as EsdbSetup);
