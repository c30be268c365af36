import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { makeFolder } from '../make-folder.js';
import { openIndex, removeIndex } from './database.js';
import { memoryOf, packed, unpacked } from './packing.js';
import type { Answer, Asked, HistoryFailure, HistorySetup, Question } from './protocol.js';
import { HistoryReader, type Slice } from './reader.js';
import { HistoryStore, IndexFailure } from './store.js';

interface Open {
  readonly database: DatabaseSync;
  readonly store: HistoryStore;
  readonly reader: HistoryReader;
}

/** The thread that owns the index's file. It opens it with the first question and answers one question after the other. */
class HistoryWorker {
  readonly #port: MessagePort;
  readonly #path: string;
  #open: Open | undefined;

  constructor(port: MessagePort, { path }: HistorySetup) {
    this.#port = port;
    this.#path = path;
    port.on('message', (asked: Asked) => this.#take(asked));
  }

  #take({ seq, question }: Asked): void {
    let answer: Answer;
    try {
      answer = { seq, ...this.#answer(question) };
    } catch (cause) {
      answer = { seq, failure: failureOf(cause, this.#path) };
    }
    this.#port.postMessage(answer, answer.events ? memoryOf(answer.events) : []);
    if (question.is === 'close') this.#port.close();
  }

  #answer(question: Question): Omit<Answer, 'seq'> {
    switch (question.is) {
      case 'close':
        this.#close();
        return {};
      case 'clear':
        this.#close();
        removeIndex(this.#path);
        return {};
      default:
        return this.#ask(question, (this.#open ??= this.#opened()));
    }
  }

  #ask(question: Exclude<Question, { is: 'close' | 'clear' }>, { store, reader }: Open): Omit<Answer, 'seq'> {
    switch (question.is) {
      case 'mark': {
        const mark = store.mark();
        return mark === undefined ? {} : { mark };
      }
      case 'add':
        store.add(unpacked(question.events), question.epoch, question.mark);
        return {};
      case 'get':
        return { events: packed(reader.get(question.stream, question.at, question.below)) };
      case 'scan':
        return sliceOf(reader.scan(question));
      case 'changes':
        return sliceOf(reader.changes(question.kind, question.after, question.upTo));
      case 'last-change':
        return { number: reader.lastChange(question.kind, question.at) };
    }
  }

  #opened(): Open {
    makeFolder(dirname(this.#path), 0o700);
    const database = openIndex(this.#path);
    return { database, store: new HistoryStore(database), reader: new HistoryReader(database) };
  }
  #close(): void {
    this.#open?.database.close();
    this.#open = undefined;
  }
}

function sliceOf({ events, counts, number }: Slice): Omit<Answer, 'seq'> {
  return { events: packed(events), counts, number };
}

function failureOf(cause: unknown, path: string): HistoryFailure {
  if (cause instanceof IndexFailure) return cause.failure;
  const why = cause instanceof Error ? cause.message : String(cause);
  return { is: 'failed', message: `The history index ${path} cannot be used: ${why}.` };
}

if (parentPort !== null) new HistoryWorker(parentPort, workerData as HistorySetup);
