import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { AckedMark } from './acked-mark.js';
import { numberOf } from './database.js';
import { StoreFailure, failureOf } from './failure.js';
import { chainOf } from '../log-worker/page.js';
import type { AppendAnswer, AppendRequest, Failure } from '../log-worker/protocol.js';
import type { Link, LogReader } from './reader.js';

/** Streams whose end is remembered; beyond it all are forgotten and looked up again. */
const STREAMS_MAX = 200_000;
interface StreamEnd {
  readonly id: number;
  revision: number;
}

/** Appends groups: everything that waits becomes one transaction and one fsync. */
export class LogWriter {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #reader: LogReader;
  readonly #mark: AckedMark;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #insert: StatementSync;
  readonly #insertStream: StatementSync;
  readonly #findStream: StatementSync;
  readonly #findEvent: StatementSync;
  readonly #ends = new Map<string, StreamEnd>();
  #tail: Link;
  /** Set when a commit failed in a way after which the disk cannot be believed. */
  #stopped: Failure | undefined;
  /** How many groups found no room. */
  #fullGroups = 0;

  constructor(database: DatabaseSync, path: string, reader: LogReader) {
    this.#path = path;
    this.#database = database;
    this.#reader = reader;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#insert = database.prepare(
      'INSERT INTO events (position, stream, revision, body, chain) VALUES (?, ?, ?, ?, ?)',
    );
    this.#insertStream = database.prepare('INSERT INTO streams (name) VALUES (?)');
    this.#findStream = database.prepare(
      'SELECT s.id, coalesce((SELECT max(e.revision) FROM events e WHERE e.stream = s.id), -1) AS revision FROM streams s WHERE s.name = ?',
    );
    this.#findEvent = database.prepare('SELECT position, body FROM events WHERE stream = ? AND revision = ?');
    this.#mark = new AckedMark(path);
    this.#tail = reader.head();
    this.#mark.write(this.#tail);
  }

  /** One answer for each request. A refused append does not keep the others of its group from being written. */
  appendGroup(requests: readonly AppendRequest[]): AppendAnswer[] {
    if (this.#stopped !== undefined) return this.#failAll(requests, this.#stopped);
    try {
      this.#begin.run();
      const answers = requests.map((request) =>
        request.fullGroups < this.#fullGroups ? this.#failed(request, { is: 'void' }) : this.#appendAll(request),
      );
      this.#commit.run();
      this.#mark.write(this.#tail);
      return answers;
    } catch (cause) {
      return this.#failAll(requests, this.#undo(cause));
    }
  }

  close(): void {
    this.#mark.close();
  }

  #appendAll(request: AppendRequest): AppendAnswer {
    const positions: number[] = [];
    const revisions: number[] = [];
    const digests: string[] = [];
    const failures: (readonly [number, Failure])[] = [];
    for (let index = 0; index < request.bodies.length; index++) {
      const result = this.#append(
        request.streams[index] ?? '',
        request.bodies[index] ?? '',
        request.expectedRevisions[index] ?? -1,
      );
      positions.push('is' in result ? 0 : result.position);
      revisions.push('is' in result ? 0 : result.revision);
      // A repeated append is no new event.
      digests.push('is' in result || result.position !== this.#tail.position ? '' : this.#tail.chain);
      if ('is' in result) failures.push([index, result]);
    }
    return {
      is: 'appended',
      numbers: numbersOf(request),
      fullGroups: this.#fullGroups,
      positions,
      revisions,
      digests,
      failures,
    };
  }

  #failAll(requests: readonly AppendRequest[], failure: Failure): AppendAnswer[] {
    return requests.map((request) => this.#failed(request, failure));
  }

  #failed(request: AppendRequest, failure: Failure): AppendAnswer {
    const numbers = numbersOf(request);
    const none = numbers.map(() => 0);
    const failures = numbers.map((_, index) => [index, failure] as const);
    return { is: 'appended', numbers, fullGroups: this.#fullGroups, positions: none, revisions: none, failures };
  }

  #append(stream: string, body: string, expectedRevision: number): { position: number; revision: number } | Failure {
    const end = this.#endOf(stream);
    const actual = end?.revision ?? -1;
    if (actual !== expectedRevision) return this.#firstResult(end, body, expectedRevision) ?? { is: 'moved', actual };
    const known = end ?? this.#newStream(stream);
    const position = this.#tail.position + 1;
    const revision = expectedRevision + 1;
    const chain = chainOf(this.#tail.chain, { position, stream, revision, body });
    this.#insert.run(position, known.id, revision, body, chain);
    known.revision = revision;
    this.#tail = { position, chain };
    return { position, revision };
  }

  /** What the same id got at the same expected revision before, if it did. */
  #firstResult(
    end: StreamEnd | undefined,
    body: string,
    expectedRevision: number,
  ): { position: number; revision: number } | undefined {
    if (end === undefined || expectedRevision >= end.revision) return undefined;
    const revision = expectedRevision + 1;
    const row = this.#findEvent.get(end.id, revision);
    if (row === undefined || idOf(String(row['body'])) !== idOf(body)) return undefined;
    return { position: numberOf(row['position']), revision };
  }

  #endOf(stream: string): StreamEnd | undefined {
    const known = this.#ends.get(stream);
    if (known !== undefined) return known;
    const row = this.#findStream.get(stream);
    if (row === undefined) return undefined;
    return this.#remember(stream, { id: numberOf(row['id']), revision: numberOf(row['revision']) });
  }

  #newStream(stream: string): StreamEnd {
    return this.#remember(stream, { id: numberOf(this.#insertStream.run(stream).lastInsertRowid), revision: -1 });
  }

  #remember(stream: string, end: StreamEnd): StreamEnd {
    if (this.#ends.size >= STREAMS_MAX) this.#ends.clear();
    this.#ends.set(stream, end);
    return end;
  }

  /** Takes everything back to what is durable and says why. */
  #undo(cause: unknown): Failure {
    const failure = failureOf(cause, this.#path);
    if (failure.is === 'full') this.#fullGroups++;
    this.#ends.clear();
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#tail = this.#reader.head();
    } catch (second) {
      this.#stopped = failureOf(second, this.#path);
    }
    // After a failed fsync the kernel may call the same pages clean: only a fresh start reads what is really there.
    if (isDiskError(cause)) this.#stopped = failure;
    return failure;
  }
}

function numbersOf({ first, bodies }: AppendRequest): number[] {
  return bodies.map((_, index) => first + index);
}

function idOf(body: string): unknown {
  return (JSON.parse(body) as { readonly id?: unknown }).id;
}

function isDiskError(cause: unknown): boolean {
  return (
    !(cause instanceof StoreFailure) &&
    typeof cause === 'object' &&
    cause !== null &&
    'errcode' in cause &&
    (Number(cause.errcode) & 0xff) === 10
  );
}
