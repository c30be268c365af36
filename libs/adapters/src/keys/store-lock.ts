import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '#std';

/** A change of the key store takes milliseconds; whoever holds the lock for longer hangs. */
const WAIT_MS = 10_000;

/**
 * A lock between processes, in containers of their own too: SQLite's lock of a file, which the kernel takes back when its holder
 * dies. Nothing is stored in the file.
 */
export class StoreLock {
  #database: DatabaseSync | undefined;
  #isHeld = false;

  constructor(
    private readonly path: string,
    private readonly waitMs = WAIT_MS,
  ) {}

  /** Runs while no other process holds the lock. Throws a {@link Fault} when it cannot be had. Calls may be nested. */
  hold<T>(run: () => T): T {
    if (this.#isHeld) return run();
    const database = this.#open();
    try {
      database.exec('BEGIN IMMEDIATE');
    } catch (cause) {
      throw new Fault(`the key store is locked by another process (${this.path}): is one hanging?`, true, { cause });
    }
    this.#isHeld = true;
    try {
      return run();
    } finally {
      this.#isHeld = false;
      database.exec('ROLLBACK');
    }
  }

  #open(): DatabaseSync {
    if (this.#database === undefined) {
      closeSync(openSync(this.path, 'a', 0o600));
      this.#database = new DatabaseSync(this.path, { timeout: this.waitMs });
    }
    return this.#database;
  }
}
