import type { Worker } from 'node:worker_threads';
import type { RecordedEvent } from '#ports';
import { LogFailed, LogUnavailable } from '#ports';
import { faultOf } from './faults.js';
import { RecordedPage } from './recorded-row.js';
import type {
  AppendAnswer,
  AppendRequest,
  FromWorker,
  LiveAnswer,
  LiveRequest,
  Opened,
  PageAnswer,
  ReadRequest,
} from './protocol.js';
import { readingHeap } from './reading-heap.js';
import { startWorker, type WorkerStart } from '../../start-worker.js';

/** So many pages are on their way, so that neither thread waits for the other when its work comes in bursts. */
const PAGES_AHEAD = 8;

type Answer = PageAnswer | LiveAnswer | number;
interface Waiting {
  readonly holds: boolean;
  resolve(answer: Answer): void;
  reject(cause: unknown): void;
}
export interface WorkerLinkOptions extends WorkerStart {
  /** The log as messages name it; it must not hold a password. */
  readonly name: string;
  readonly onAppended?: (answer: AppendAnswer) => void;
  /** The worker is gone and nothing that was asked of it will be answered. */
  readonly onGone?: (cause: unknown) => void;
}

/** The main thread's end of one worker. It keeps the process alive only while an answer is awaited. */
export class WorkerLink {
  readonly #worker: Worker;
  readonly #options: WorkerLinkOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly opened: Promise<Opened>;
  #settleOpened: { resolve(opened: Opened): void; reject(cause: unknown): void } | undefined;
  #isAsked = false;
  #seq = 0;
  #held = 0;
  #gone: unknown;

  constructor(options: WorkerLinkOptions) {
    this.#options = options;
    const { name } = options;
    this.#worker = startWorker(options);
    this.opened = new Promise((resolve, reject) => (this.#settleOpened = { resolve, reject }));
    // Who never looks at it must not be stopped by it.
    this.opened.catch(() => undefined);
    this.#worker.on('message', (message: FromWorker) => this.#take(message));
    this.#worker.on('error', (cause) =>
      this.#end(new LogFailed(`The event log ${name} stopped working: ${String(cause)}.`, { cause })),
    );
    this.#worker.on('exit', () => this.#end(new LogUnavailable(`The event log ${name} is closed.`)));
  }

  /** Opens a log that is not opened at the start. */
  open(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#worker.postMessage({ is: 'open' });
  }

  /** Each append gets one answer by {@link WorkerLinkOptions.onAppended}, or else {@link WorkerLinkOptions.onGone}. */
  append(request: AppendRequest): void {
    if (this.#gone !== undefined) return this.#options.onGone?.(this.#gone);
    this.#hold(request.bodies.length);
    this.#worker.postMessage(request);
  }

  async page(after: number, until: number): Promise<PageAnswer> {
    return this.#pageOf(await this.#ask((seq) => ({ is: 'page', seq, after, until })));
  }
  #giveBack(bytes: Uint8Array): void {
    if (this.#gone === undefined) this.#worker.postMessage({ is: 'back', bytes }, [bytes.buffer as ArrayBuffer]);
  }

  /** Every page after a position up to another: the next ones are read while one is used. */
  async *pages(after: number, until: number): AsyncIterable<readonly RecordedEvent[]> {
    const cursor = ++this.#seq;
    const asked: Promise<Answer>[] = [];
    const ask = () => {
      const page = this.#ask((seq) => ({ is: 'page', seq, after, until, cursor }));
      page.catch(() => undefined);
      asked.push(page);
    };
    let streams: string[] = [];
    const spare: RecordedPage[] = [];
    const onDone = (page: RecordedPage) => {
      this.#giveBack(page.bytes);
      spare.push(page);
    };
    readingHeap.enter();
    try {
      for (let i = 0; i < PAGES_AHEAD; i++) ask();
      for (let next = asked.shift(); next !== undefined; next = asked.shift()) {
        const page = this.#pageOf(await next);
        if (!page.done) ask();
        if (page.namesAnew) streams = [];
        for (const stream of page.streams) streams.push(stream);
        readingHeap.hold();
        const recorded = spare.pop() ?? new RecordedPage(onDone);
        const events = recorded.hold({ ...page, streams });
        if (events.length > 0) yield events;
        recorded.done();
        if (page.done) return;
      }
    } finally {
      readingHeap.release();
      this.#worker.postMessage({ is: 'end', cursor });
    }
  }
  async streamPage(stream: string, from: number): Promise<PageAnswer> {
    return this.#pageOf(await this.#ask((seq) => ({ is: 'stream-page', seq, stream, from })));
  }
  async head(): Promise<number> {
    const answer = await this.#ask((seq) => ({ is: 'head', seq }));
    return typeof answer === 'number' ? answer : 0;
  }
  /** Resolves when the store has room again; rejects with why it has not. */
  async room(): Promise<void> {
    await this.#ask((seq) => ({ is: 'room', seq }));
  }
  /** Resolves once something was committed above a position. Waiting for it does not keep the process alive. */
  async live(after: number): Promise<LiveAnswer> {
    const answer = await this.#ask((seq) => ({ is: 'live', seq, after }), false);
    if (typeof answer === 'number' || answer.is !== 'live') throw this.#outOfTurn();
    return answer;
  }

  async close(): Promise<void> {
    if (this.#gone !== undefined) {
      // A worker that failed may not hear any more; its connection goes with it.
      await this.#worker.terminate();
      return;
    }
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#hold();
    this.#worker.postMessage({ is: 'close' });
    await exited;
  }

  /** Keeps the process alive while something is awaited; each hold needs its release. */
  #hold(count = 1): void {
    if (this.#held === 0) this.#worker.ref();
    this.#held += count;
  }
  #release(count = 1): void {
    this.#held -= count;
    if (this.#held === 0) this.#worker.unref();
  }

  #pageOf(answer: Answer): PageAnswer {
    if (typeof answer === 'number' || answer.is !== 'page') throw this.#outOfTurn();
    return answer;
  }
  #outOfTurn(): LogUnavailable {
    return new LogUnavailable(`The event log ${this.#options.name} answered out of turn.`);
  }

  #ask(request: (seq: number) => ReadRequest | LiveRequest, holds = true): Promise<Answer> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    const seq = ++this.#seq;
    return new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(seq, { holds, resolve, reject });
      if (holds) this.#hold();
      this.#worker.postMessage(request(seq));
    });
  }

  #take(message: FromWorker): void {
    switch (message.is) {
      case 'opened':
        this.#worker.unref();
        return this.#settleOpened?.resolve(message);
      case 'broken':
        return this.#end(faultOf(message.failure));
      case 'appended':
        return this.#appended(message);
      case 'page':
        return this.#settle(message.seq)?.resolve(message);
      case 'live':
        this.#settle(message.seq)?.resolve(message);
        if (message.appended) this.#appended(message.appended);
        return;
      case 'head':
        return this.#settle(message.seq)?.resolve(message.head);
      case 'failed':
        this.#settle(message.seq)?.reject(faultOf(message.failure));
        if (message.failure.is !== 'failed') return;
        this.#end(faultOf(message.failure));
        void this.#worker.terminate();
        return;
    }
  }

  #appended(answer: AppendAnswer): void {
    this.#release(answer.numbers.length);
    this.#options.onAppended?.(answer);
  }

  #settle(seq: number): Waiting | undefined {
    const waiting = this.#waiting.get(seq);
    this.#waiting.delete(seq);
    if (waiting?.holds === true) this.#release();
    return waiting;
  }

  #end(cause: unknown): void {
    if (this.#gone !== undefined) return;
    this.#gone = cause;
    this.#settleOpened?.reject(cause);
    for (const waiting of this.#waiting.values()) waiting.reject(cause);
    this.#waiting.clear();
    this.#worker.unref();
    this.#options.onGone?.(cause);
  }
}
