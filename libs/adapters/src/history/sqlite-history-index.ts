import type { Worker } from 'node:worker_threads';
import type { KindId, StoredEvent } from '#model';
import {
  HistoryIndexFailed,
  LogDamaged,
  type HistoryBatch,
  type HistoryChanges,
  type HistoryIndex,
  type HistoryScope,
  type HistorySlice,
  type HistoryWanted,
  type RecordedEvent,
} from '#ports';
import type { JsonObject } from '#std';
import { startWorker } from '../start-worker.js';
import { memoryOf, packed, unpacked } from './packing.js';
import type { Answer, Asked, HistoryFailure, Question } from './protocol.js';
import { storedEvent } from './stored-event.js';

interface Waiting {
  readonly worker: Worker;
  resolve(answer: Answer): void;
  reject(cause: unknown): void;
}

export interface SqliteHistoryIndexOptions {
  /** How long the thread stays without a question. */
  readonly idleMs?: number;
}
/** A thread with an open file costs some 30 MB; most of the time nobody asks about the past. */
const IDLE_MS = 10_000;

/** The index in a SQLite file, which a thread of its own reads and writes. It is there only while there are questions. */
export class SqliteHistoryIndex implements HistoryIndex {
  readonly #path: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #idleMs: number;
  #worker: Worker | undefined;
  /** Ends with the last thread that was told to. */
  #exited: Promise<void> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;
  #closed = false;
  #seq = 0;

  constructor(path: string, { idleMs = IDLE_MS }: SqliteHistoryIndexOptions = {}) {
    this.#path = path;
    this.#idleMs = idleMs;
  }

  async mark(): Promise<JsonObject | undefined> {
    const { mark } = await this.#ask({ is: 'mark' });
    return mark === undefined ? undefined : (JSON.parse(mark) as JsonObject);
  }
  async add(events: readonly RecordedEvent[], { epoch, mark }: HistoryBatch): Promise<void> {
    const content = packed(events);
    await this.#ask({ is: 'add', events: content, epoch, mark: JSON.stringify(mark) }, memoryOf(content));
  }
  async clear(): Promise<void> {
    await this.#ask({ is: 'clear' });
  }
  async get({ stream, at, below = Infinity }: HistoryWanted): Promise<readonly StoredEvent[]> {
    return eventsOf(await this.#ask({ is: 'get', stream, at, below }));
  }
  async *scan({ kind, namespace = '', at, from = '' }: HistoryScope): AsyncIterable<HistorySlice> {
    for (let given = 0, left = 1; left > 0;) {
      const answer = await this.#ask({ is: 'scan', kind, namespace, at, from, given });
      left = answer.number ?? 0;
      const objects = split(eventsOf(answer), answer.counts ?? []);
      given += objects.length;
      yield { objects, left };
    }
  }
  async *changes(kind: KindId, after: number, upTo: number): AsyncIterable<HistoryChanges> {
    for (let from = after; from < upTo;) {
      const answer = await this.#ask({ is: 'changes', kind, after: from, upTo });
      from = answer.number ?? upTo;
      const [events = [], ...before] = split(eventsOf(answer), answer.counts ?? []);
      yield { events, before, upTo: from };
    }
  }
  async lastChange(kind: KindId, at: number): Promise<number> {
    return (await this.#ask({ is: 'last-change', kind, at })).number ?? 0;
  }
  async close(): Promise<void> {
    this.#closed = true;
    this.#rest();
    await this.#exited;
  }

  /** Ends the thread once it has answered what was asked. */
  #rest(): void {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    if (!worker) return;
    const answered = this.#send(worker, { is: 'close' });
    this.#worker = undefined;
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    this.#exited = Promise.all([this.#exited, answered.catch(() => undefined), exited]).then(() => undefined);
  }

  #ask(question: Question, memory: readonly ArrayBuffer[] = []): Promise<Answer> {
    if (this.#closed) return Promise.reject(new HistoryIndexFailed(`The history index ${this.#path} is closed.`));
    clearTimeout(this.#idle);
    return this.#send((this.#worker ??= this.#start()), question, memory);
  }
  #send(worker: Worker, question: Question, memory: readonly ArrayBuffer[] = []): Promise<Answer> {
    const seq = ++this.#seq;
    return new Promise<Answer>((resolve, reject) => {
      // Only while an answer is awaited does the thread keep the process alive.
      worker.ref();
      this.#waiting.set(seq, { worker, resolve, reject });
      worker.postMessage({ seq, question } satisfies Asked, memory);
    });
  }

  #start(): Worker {
    const worker = startWorker({
      entry: new URL('./worker.js', import.meta.url),
      setup: { path: this.#path },
      // Node calls its SQLite module experimental with a warning at each start; nobody who runs Shiplog can act on that.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    worker.unref();
    worker.on('message', (answer: Answer) => this.#settle(worker, answer));
    worker.on('error', (cause) => this.#end(worker, cause));
    worker.on('exit', () => this.#end(worker, undefined));
    return worker;
  }

  #settle(worker: Worker, answer: Answer): void {
    const waiting = this.#waiting.get(answer.seq);
    this.#waiting.delete(answer.seq);
    // One that was told to end is awaited.
    if (this.#waiting.size === 0 && worker === this.#worker) {
      worker.unref();
      this.#idle = setTimeout(() => this.#rest(), this.#idleMs).unref();
    }
    if (answer.failure) waiting?.reject(faultOf(answer.failure));
    else waiting?.resolve(answer);
  }

  /** The next question starts another thread. */
  #end(worker: Worker, cause: unknown): void {
    if (this.#worker === worker) this.#worker = undefined;
    const failed = new HistoryIndexFailed(`The history index ${this.#path} stopped working.`, { cause });
    for (const [seq, waiting] of this.#waiting) {
      if (waiting.worker !== worker) continue;
      waiting.reject(failed);
      this.#waiting.delete(seq);
    }
  }
}

function eventsOf({ events }: Answer): readonly StoredEvent[] {
  return events ? [...unpacked(events)].map(storedEvent) : [];
}

function split(events: readonly StoredEvent[], counts: readonly number[]): (readonly StoredEvent[])[] {
  let to = 0;
  return counts.map((count) => events.slice(to, (to += count)));
}

function faultOf({ is, message, position }: HistoryFailure): LogDamaged | HistoryIndexFailed {
  if (is === 'damaged') return new LogDamaged(message, position === undefined ? {} : { position });
  return new HistoryIndexFailed(message);
}
