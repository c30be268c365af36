import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { AckedMark } from './acked-mark.js';
import { numberOf } from './database.js';
import type { Disk } from './disk.js';
import { StoreFailure, failed, failureOf } from './failure.js';
import { chainOf } from '../log-worker/page.js';
import type { AppendAnswer, AppendRequest, Failure } from '../log-worker/protocol.js';
import type { Link, LogReader } from './reader.js';
import type { WritingRight } from './writing-right.js';

/** Streams whose end is remembered; beyond it all are forgotten and looked up again. */
const STREAMS_MAX = 200_000;
/** A full disk has room again when this much can be written, and as much as was refused last. */
const ROOM_BYTES_MIN = 64 * 1024;
const ROOM_BYTES_MAX = 32 * 1024 * 1024;
interface StreamEnd {
  readonly id: number;
  revision: number;
}

export interface LogWriterParts {
  readonly database: DatabaseSync;
  readonly path: string;
  readonly reader: LogReader;
  readonly disk: Disk;
  readonly right: WritingRight;
}

/**
 * Appends groups: everything that waits becomes one transaction and one fsync. Throws {@link StoreFailure} `failed` when it
 * cannot go on: its worker then answers nothing more.
 */
export class LogWriter {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #reader: LogReader;
  readonly #disk: Disk;
  readonly #right: WritingRight;
  readonly #mark: AckedMark;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #insert: StatementSync;
  readonly #insertStream: StatementSync;
  readonly #findStream: StatementSync;
  readonly #findEvent: StatementSync;
  readonly #ends = new Map<string, StreamEnd>();
  #tail: Link;
  /** How many groups found no room. */
  #fullGroups = 0;
  /** About how many bytes the last of them was. */
  #roomWanted = 0;

  constructor({ database, path, reader, disk, right }: LogWriterParts) {
    this.#path = path;
    this.#database = database;
    this.#reader = reader;
    this.#disk = disk;
    this.#right = right;
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
    this.#mark = new AckedMark(path, disk);
    this.#tail = reader.head();
    this.#mark.write(this.#tail);
  }

  /** Throws when another process may have written since the last group of this one. */
  checkAlone(): void {
    this.#right.check(this.#tail);
  }

  /** One answer for each request. A refused append does not keep the others of its group from being written. */
  appendGroup(requests: readonly AppendRequest[]): AppendAnswer[] {
    let answers: AppendAnswer[];
    try {
      this.#disk.run('begin', () => this.#begin.run());
      // Under SQLite's own lock: nobody can write between this look and the commit.
      this.checkAlone();
      answers = requests.map((request) =>
        request.fullGroups < this.#fullGroups ? this.#failed(request, { is: 'void' }) : this.#appendAll(request),
      );
      this.#disk.run('commit', () => this.#commit.run());
    } catch (cause) {
      const failure = this.#undo(cause);
      if (failure.is === 'full') this.#roomWanted = bytesOf(requests);
      return requests.map((request) => this.#failed(request, failure));
    }
    // The group is durable: whatever fails from here on must not be answered as if it were not.
    try {
      this.#mark.write(this.#tail);
    } catch (cause) {
      throw failed(
        this.#path,
        `its mark of what is durable cannot be written (${wordsOf(cause)}); check the disk, then start again`,
      );
    }
    return answers;
  }

  /** Throws as long as there is no room for what was refused last. */
  room(): void {
    if (this.#roomWanted === 0) return;
    const path = `${this.#path}-room`;
    const file = openSync(path, 'w', 0o600);
    try {
      const bytes = Buffer.alloc(Math.min(this.#roomWanted, ROOM_BYTES_MAX));
      this.#disk.write('room', { file, bytes, at: 0 });
      fsyncSync(file);
    } finally {
      closeSync(file);
      rmSync(path, { force: true });
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
    this.#disk.run('insert', () => this.#insert.run(position, known.id, revision, body, chain));
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

  /** Takes everything back to what is durable and says why. Throws when it is not known what is. */
  #undo(cause: unknown): Failure {
    const failure = failureOf(cause, this.#path);
    if (failure.is === 'failed' || failure.is === 'damaged') throw new StoreFailure(failure);
    if (failure.is === 'full') this.#fullGroups++;
    this.#ends.clear();
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#tail = this.#reader.head();
    } catch (second) {
      throw failed(this.#path, `what was not written cannot be taken back (${wordsOf(second)}); start again`);
    }
    return failure;
  }
}

function numbersOf({ first, bodies }: AppendRequest): number[] {
  return bodies.map((_, index) => first + index);
}

function idOf(body: string): unknown {
  return (JSON.parse(body) as { readonly id?: unknown }).id;
}

/** With as much again for pages and indexes. */
function bytesOf(requests: readonly AppendRequest[]): number {
  const units = requests.reduce((sum, { bodies }) => sum + bodies.reduce((most, body) => most + body.length, 0), 0);
  return 2 * units + ROOM_BYTES_MIN;
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
