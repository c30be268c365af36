import { randomUUID } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { StoreFailure, WRITTEN_BY_ANOTHER, failed, resultCode } from './failure.js';
import type { Link } from './reader.js';

const BUSY = 5;
/** A writer whose lock file was removed finds that out within a second and ends; who made a new one waits for that. */
const SETTLE_MS = 3000;

/**
 * The right to write a log, in two layers.
 *
 * The lock is SQLite's exclusive lock on a small file beside the log: the kernel gives it back when the process ends in
 * whatever way, so that a killed writer never keeps the next one out. The `-writer` file only names the holder.
 *
 * A lock file can be removed, and then a second process gets a lock of its own. So the writer also leaves a token in the log
 * and looks before each commit, under SQLite's own lock, whether anybody else has committed or claimed the log since: of
 * two writers, at most one appends, and the other one ends.
 */
export class WritingRight {
  readonly #path: string;
  readonly #lock: DatabaseSync;
  readonly #token = randomUUID();
  /** The inodes of the files that this right is about. */
  readonly #lockFile: string;
  #logFile = '';
  #dataVersion: StatementSync | undefined;
  #state: StatementSync | undefined;
  #version: unknown;

  private constructor(path: string, lock: DatabaseSync) {
    this.#path = path;
    this.#lock = lock;
    this.#lockFile = inodeOf(`${path}-lock`);
  }

  static take(path: string): WritingRight {
    const isSuspect = mayBeWritten(path);
    const lock = new DatabaseSync(`${path}-lock`, { timeout: 0 });
    try {
      // A journal in memory: the lock file never holds anything, so nothing has to be rolled back.
      lock.exec('PRAGMA journal_mode = MEMORY');
      lock.exec('BEGIN EXCLUSIVE');
    } catch (cause) {
      lock.close();
      if (resultCode(cause) !== BUSY) throw cause;
      const message = `The event log ${path} is being written by ${holderOf(path)}; stop it first, or use another file.`;
      throw new StoreFailure({ is: 'unavailable', message });
    }
    if (isSuspect) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETTLE_MS);
    writeFileSync(`${path}-writer`, `process ${process.pid} on ${hostname()}\n`, { mode: 0o600 });
    return new WritingRight(path, lock);
  }

  /** Leaves the token in the log: a writer that is still there finds it before its next commit. */
  claim(database: DatabaseSync): void {
    database.prepare(`INSERT OR REPLACE INTO log VALUES ('writer', ?)`).run(this.#token);
    this.#dataVersion = database.prepare('PRAGMA data_version');
    this.#state = database.prepare(
      `SELECT (SELECT value FROM log WHERE name = 'writer') AS token, max(position) AS position FROM events`,
    );
    this.#version = this.#dataVersion.get()?.['data_version'];
    this.#logFile = inodeOf(this.#path);
  }

  /** Throws when the log, whose last event this process wrote at `tail`, may have another writer. */
  check({ position }: Link): void {
    if (inodeOf(this.#path) !== this.#logFile) throw failed(this.#path, 'its file was removed or replaced');
    if (inodeOf(`${this.#path}-lock`) !== this.#lockFile)
      throw failed(
        this.#path,
        `its lock file ${this.#path}-lock was removed, so that another process may write; leave it there`,
      );
    const version = this.#dataVersion?.get()?.['data_version'];
    if (version === this.#version) return;
    // Somebody else's checkpoint changes the version too, and no data.
    const state = this.#state?.get();
    const last = state?.['position'];
    if (state?.['token'] !== this.#token || (typeof last === 'number' ? last : position) !== position)
      throw failed(this.#path, WRITTEN_BY_ANOTHER);
    this.#version = version;
  }

  release(): void {
    this.#lock.close();
  }
}

/** A log without its lock file may have a writer whose lock file was removed; one in which nothing was ever written has none. */
export function mayBeWritten(path: string): boolean {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return bytes > 0 && inodeOf(`${path}-lock`) === '';
}

/** Which file a path leads to now, '' when to none. */
function inodeOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.dev}:${found.ino}`;
}

function holderOf(path: string): string {
  try {
    return readFileSync(`${path}-writer`, 'utf8').trim() || 'another process';
  } catch {
    return 'another process';
  }
}
