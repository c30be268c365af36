import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { StoreFailure, resultCode } from './failure.js';

const BUSY = 5;

/**
 * The right to write a log, held as SQLite's exclusive lock on a small file beside it. The kernel gives it back when the
 * process ends in whatever way, so that a killed writer never keeps the next one out. The `-writer` file only says who.
 */
export class WriterLock {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  static take(path: string): WriterLock {
    const database = new DatabaseSync(`${path}-lock`, { timeout: 0 });
    try {
      // A journal in memory: the lock file never holds anything, so nothing has to be rolled back.
      database.exec('PRAGMA journal_mode = MEMORY');
      database.exec('BEGIN EXCLUSIVE');
    } catch (cause) {
      database.close();
      if (resultCode(cause) !== BUSY) throw cause;
      const message = `The event log ${path} is being written by ${holderOf(path)}; stop it first, or use another file.`;
      throw new StoreFailure({ is: 'unavailable', message });
    }
    writeFileSync(`${path}-writer`, `process ${process.pid} on ${hostname()}\n`);
    return new WriterLock(database);
  }

  release(): void {
    this.#database.close();
  }
}

function holderOf(path: string): string {
  try {
    return readFileSync(`${path}-writer`, 'utf8').trim() || 'another process';
  } catch {
    return 'another process';
  }
}
