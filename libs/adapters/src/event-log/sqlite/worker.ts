import { dirname } from 'node:path';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { DatabaseSync } from 'node:sqlite';
import { openForReading, openForWriting } from './database.js';
import { makeFolder } from '../../make-folder.js';
import { realDisk } from './disk.js';
import { failureOf } from './failure.js';
import { FaultyDisk } from './faulty-disk.js';
import { WritingRight } from './writing-right.js';
import { closeToOthers } from './private-log.js';
import { LogReader } from './reader.js';
import { LogWriter } from './writer.js';
import type { WorkerSetup } from './setup.js';
import { emptyPage, lastPosition, memoryOf, type PageContent } from '../log-worker/page.js';
import type {
  AppendRequest,
  CursorEnd,
  FromWorker,
  PageRequest,
  ReadRequest,
  ToWorker,
} from '../log-worker/protocol.js';

/** Where the last page of a cursor ended, and the streams that its pages have named. */
interface Cursor {
  readonly position: number;
  readonly streams: Map<string, number>;
}

/** So soon an idle writer finds out that another one has come. */
const CHECK_EVERY_MS = 1000;

/**
 * The thread that owns a connection to the log. SQLite is synchronous here: an fsync stops this thread and no other.
 * What arrives meanwhile waits in the port and is the next group.
 */
class LogWorker {
  readonly #port: MessagePort;
  readonly #setup: WorkerSetup;
  readonly #right: WritingRight | undefined;
  readonly #database: DatabaseSync;
  readonly #reader: LogReader;
  readonly #writer: LogWriter | undefined;
  readonly #cursors = new Map<number, Cursor>();
  #checking: NodeJS.Timeout | undefined;

  constructor(port: MessagePort, setup: WorkerSetup, right: WritingRight | undefined) {
    this.#port = port;
    this.#setup = setup;
    this.#right = right;
    const { path, faults } = setup;
    const disk = faults === undefined ? realDisk : new FaultyDisk(faults);
    const database = (this.#database = right ? openForWriting(path) : openForReading(path));
    const reader = (this.#reader = new LogReader(database, path, disk));
    if (setup.check) reader.check();
    right?.claim(database);
    this.#writer = right && new LogWriter({ database, path, reader, disk, right });
    this.#say({ is: 'opened', head: this.#reader.head().position, origin: this.#reader.origin });
    port.on('message', (message: ToWorker) => this.#orEnd(() => this.#take(message)));
    const writer = this.#writer;
    if (writer) this.#checking = setInterval(() => this.#orEnd(() => writer.checkAlone()), CHECK_EVERY_MS).unref();
  }

  /**
   * Takes all that waits, appends as one group, and then answers one read, which sees what the group wrote; and so on.
   * Nobody who asks for the head or appends waits for pages that others have asked for ahead.
   */
  #take(first: ToWorker): void {
    const reads: ReadRequest[] = [];
    let message: ToWorker | undefined = first;
    do {
      const appends: AppendRequest[] = [];
      for (; message !== undefined; message = this.#waiting()) {
        if (message.is === 'append') appends.push(message);
        else if (message.is === 'close') return this.#close(appends, reads);
        else if (message.is === 'end') this.#end(message, reads);
        else if (message.is === 'back') this.#reader.memory.giveBack(message.bytes, this.#cursors.size > 0);
        else if (message.is === 'live') this.#say(this.#unfollowed(message.seq));
        else if (message.is !== 'open') reads.push(message);
      }
      this.#append(appends);
      const next = reads.findIndex(({ is }) => is === 'head');
      for (const read of reads.splice(Math.max(next, 0), 1)) this.#say(this.#answer(read));
      message = this.#waiting();
    } while (message !== undefined || reads.length > 0);
  }

  /**
   * After a failure that leaves unknown what is durable, this thread answers nothing more and ends, and so does the process:
   * only a fresh start reads what is really there.
   */
  #orEnd(work: () => void): void {
    try {
      work();
    } catch (cause) {
      clearInterval(this.#checking);
      this.#say({ is: 'broken', failure: failureOf(cause, this.#setup.path) });
      this.#port.close();
    }
  }

  #append(appends: readonly AppendRequest[]): void {
    if (appends.length > 0) for (const answer of this.#writer?.appendGroup(appends) ?? []) this.#say(answer);
  }

  /** What was asked ahead of a cursor is not read any more, but answered: somebody may wait for the answer. */
  #end({ cursor }: CursorEnd, reads: ReadRequest[]): void {
    this.#cursors.delete(cursor);
    if (this.#cursors.size === 0) this.#reader.memory.shrink();
    for (let i = reads.length - 1; i >= 0; i--) {
      const read = reads[i];
      if (read?.is !== 'page' || read.cursor !== cursor) continue;
      reads.splice(i, 1);
      this.#say({ is: 'page', seq: read.seq, ...emptyPage() });
    }
  }

  /** This log is followed by its pages: the one who writes knows what is new, the others watch the file. */
  #unfollowed(seq: number): FromWorker {
    return { is: 'failed', seq, failure: { is: 'unavailable', message: 'the file is followed by its pages' } };
  }

  #waiting(): ToWorker | undefined {
    return (receiveMessageOnPort(this.#port) as { readonly message: ToWorker } | undefined)?.message;
  }

  #answer(read: ReadRequest): FromWorker {
    const { seq } = read;
    try {
      if (read.is === 'head') return { is: 'head', seq, head: this.#reader.head().position };
      if (read.is === 'room') {
        this.#writer?.room();
        return { is: 'head', seq, head: this.#reader.head().position };
      }
      const page = read.is === 'page' ? this.#page(read) : this.#reader.streamPage(read.stream, read.from);
      return { is: 'page', seq, ...page };
    } catch (cause) {
      return { is: 'failed', seq, failure: failureOf(cause, this.#setup.path) };
    }
  }

  #page({ cursor, after, until }: PageRequest): PageContent {
    if (cursor === undefined) return this.#reader.page(after, until);
    const { position, streams } = this.#cursors.get(cursor) ?? { position: after, streams: new Map<string, number>() };
    const page = this.#reader.page(position, until, streams);
    this.#cursors.set(cursor, { position: page.done ? until : (lastPosition(page) ?? until), streams });
    return page;
  }

  #close(appends: readonly AppendRequest[], reads: readonly ReadRequest[]): void {
    this.#append(appends);
    for (const read of reads) this.#say(this.#answer(read));
    clearInterval(this.#checking);
    this.#writer?.close();
    this.#database.close();
    this.#right?.release();
    this.#port.close();
  }

  #say(message: FromWorker): void {
    // A page's bytes are handed over, not copied.
    this.#port.postMessage(message, message.is === 'page' ? memoryOf(message) : []);
  }
}

function start(port: MessagePort, setup: WorkerSetup): void {
  let right: WritingRight | undefined;
  try {
    if (setup.mode === 'write') {
      makeFolder(dirname(setup.path), 0o700);
      closeToOthers(setup.path);
      right = WritingRight.take(setup.path);
    }
    new LogWorker(port, setup, right);
  } catch (cause) {
    right?.release();
    port.postMessage({ is: 'broken', failure: failureOf(cause, setup.path) } satisfies FromWorker);
    port.close();
  }
}

function startWhenAsked(port: MessagePort, setup: WorkerSetup): void {
  if (setup.opens) return start(port, setup);
  port.once('message', (message: ToWorker) => (message.is === 'open' ? start(port, setup) : port.close()));
}

if (parentPort !== null) startWhenAsked(parentPort, workerData as WorkerSetup);
