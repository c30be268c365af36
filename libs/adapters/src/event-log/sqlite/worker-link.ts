import { Worker } from 'node:worker_threads';
import { AppendVoid, LogDamaged, LogFull, LogUnavailable, type RecordedEvent } from '#ports';
import type { PageContent } from './page.js';
import { RecordedPage } from './recorded-row.js';
import type {
  AppendAnswer,
  AppendRequest,
  Failure,
  FromWorker,
  Opened,
  PageAnswer,
  ReadRequest,
  WorkerSetup,
} from './protocol.js';

/** So many pages are on their way, so that neither thread waits for the other when its work comes in bursts. */
const PAGES_AHEAD = 8;

interface Waiting {
  resolve(answer: PageAnswer | number): void;
  reject(cause: unknown): void;
}
export interface WorkerLinkOptions extends WorkerSetup {
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
    const { path, mode, check, opens } = options;
    this.#worker = startWorker({ path, mode, check, opens });
    this.opened = new Promise((resolve, reject) => (this.#settleOpened = { resolve, reject }));
    // Who never looks at it must not be stopped by it.
    this.opened.catch(() => undefined);
    this.#worker.on('message', (message: FromWorker) => this.#take(message));
    this.#worker.on('error', (cause) =>
      this.#end(new LogUnavailable(`The event log ${path} stopped working: ${String(cause)}.`, { cause })),
    );
    this.#worker.on('exit', () => this.#end(new LogUnavailable(`The event log ${path} is closed.`)));
  }

  /** Has a file opened that is not opened at the start. */
  open(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#worker.postMessage({ is: 'open' });
  }

  /** Each request gets one {@link WorkerLinkOptions.onAppended}, or else {@link WorkerLinkOptions.onGone}. */
  append(request: AppendRequest): void {
    if (this.#gone !== undefined) return this.#options.onGone?.(this.#gone);
    this.#hold();
    this.#worker.postMessage(request);
  }

  async page(after: number, until: number): Promise<PageAnswer> {
    return this.#pageOf(await this.#ask((seq) => ({ is: 'page', seq, after, until })));
  }
  #giveBack({ bytes }: PageContent): void {
    if (this.#gone === undefined) this.#worker.postMessage({ is: 'back', bytes }, [bytes.buffer as ArrayBuffer]);
  }

  /** Every page after a position up to another: the next ones are read while one is used. */
  async *pages(after: number, until: number): AsyncIterable<readonly RecordedEvent[]> {
    const cursor = ++this.#seq;
    const asked: Promise<PageAnswer | number>[] = [];
    const ask = () => {
      const page = this.#ask((seq) => ({ is: 'page', seq, after, until, cursor }));
      page.catch(() => undefined);
      asked.push(page);
    };
    const streams: string[] = [];
    try {
      for (let i = 0; i < PAGES_AHEAD; i++) ask();
      for (let next = asked.shift(); next !== undefined; next = asked.shift()) {
        const page = this.#pageOf(await next);
        if (!page.done) ask();
        for (const stream of page.streams) streams.push(stream);
        const recorded = new RecordedPage({ ...page, streams }, () => this.#giveBack(page));
        if (recorded.events.length > 0) yield recorded.events;
        recorded.done();
        if (page.done) return;
      }
    } finally {
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

  async close(): Promise<void> {
    if (this.#gone !== undefined) return;
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#hold();
    this.#worker.postMessage({ is: 'close' });
    await exited;
  }

  /** Keeps the process alive while something is awaited; each hold needs its release. */
  #hold(): void {
    if (this.#held++ === 0) this.#worker.ref();
  }
  #release(): void {
    if (--this.#held === 0) this.#worker.unref();
  }

  #pageOf(answer: PageAnswer | number): PageAnswer {
    if (typeof answer === 'number')
      throw new LogUnavailable(`The event log ${this.#options.path} answered out of turn.`);
    return answer;
  }

  #ask(request: (seq: number) => ReadRequest): Promise<PageAnswer | number> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    const seq = ++this.#seq;
    return new Promise<PageAnswer | number>((resolve, reject) => {
      this.#waiting.set(seq, { resolve, reject });
      this.#hold();
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
        this.#release();
        return this.#options.onAppended?.(message);
      case 'page':
        return this.#settle(message.seq)?.resolve(message);
      case 'head':
        return this.#settle(message.seq)?.resolve(message.head);
      case 'failed':
        return this.#settle(message.seq)?.reject(faultOf(message.failure));
    }
  }

  #settle(seq: number): Waiting | undefined {
    const waiting = this.#waiting.get(seq);
    this.#waiting.delete(seq);
    if (waiting !== undefined) this.#release();
    return waiting;
  }

  #end(cause: unknown): void {
    if (this.#gone !== undefined) return;
    this.#gone = cause;
    this.#settleOpened?.reject(cause);
    for (const waiting of this.#waiting.values()) waiting.reject(cause);
    this.#waiting.clear();
    this.#options.onGone?.(cause);
  }
}

export function faultOf(failure: Failure): LogDamaged | LogFull | AppendVoid | LogUnavailable {
  switch (failure.is) {
    case 'damaged':
      return new LogDamaged(failure.message, failure.position === undefined ? {} : { position: failure.position });
    case 'unavailable':
      return new LogUnavailable(failure.message);
    case 'full':
      return new LogFull(failure.message);
    case 'void':
      return new AppendVoid();
    case 'moved':
      return new LogUnavailable(`the stream is at revision ${failure.actual}`);
  }
}

/**
 * Starts the worker from whatever this file itself runs as: built JavaScript, or TypeScript under Jest. Node reads
 * TypeScript by dropping the types but resolves `.js` literally, so in that case a hook points such imports at the source.
 */
function startWorker(setup: WorkerSetup): Worker {
  // Node calls its SQLite module experimental with a warning at each start; nobody who runs Shiplog can act on that.
  const execArgv = ['--disable-warning=ExperimentalWarning'];
  const source = import.meta.url.endsWith('.ts');
  if (!source) return new Worker(new URL('./worker.js', import.meta.url), { workerData: setup, execArgv });
  const entry = new URL('./worker.ts', import.meta.url).href;
  const bootstrap = `
    require('node:module').registerHooks({
      resolve: (specifier, context, next) =>
        next(context.parentURL?.endsWith('.ts') && specifier.startsWith('.') ? specifier.replace(/\\.js$/, '.ts') : specifier, context),
    });
    import(${JSON.stringify(entry)}).catch((cause) => { setImmediate(() => { throw cause; }); });
  `;
  return new Worker(bootstrap, { eval: true, workerData: setup, execArgv });
}
