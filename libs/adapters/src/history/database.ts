import { chmodSync, closeSync, constants, openSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** `SHIX` in ASCII: says that a SQLite file is a history index of ours. */
const APPLICATION_ID = 0x53484958;
/** A file of another format is deleted and made again from the log. */
const FORMAT_VERSION = 1;
/** About 16 MiB of write-ahead log. */
const CHECKPOINT_PAGES = 4000;
const CACHE_KIB = 16 * 1024;
/** So long an open waits for a thread that is closing the file. */
const LOCKED_MS = 2000;

/**
 * `events` has every event that counts, `events_by_stream` finds those of an object, `changes` those of a kind. A life is the
 * interval of positions at which an object was there: `living` has those that go on, `lives` the others, each at its node of the
 * interval tree. A life is stored under two scopes: its kind, and its kind and namespace.
 */
const TABLES = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, born INTEGER NOT NULL);
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    life INTEGER NOT NULL,
    body BLOB NOT NULL
  );
  CREATE INDEX events_by_stream ON events (stream, position, life);
  CREATE TABLE changes (kind TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (kind, position)) WITHOUT ROWID;
  CREATE TABLE living (
    scope TEXT NOT NULL, born INTEGER NOT NULL, stream INTEGER NOT NULL, PRIMARY KEY (scope, born)
  ) WITHOUT ROWID;
  CREATE TABLE lives (
    scope TEXT NOT NULL, node INTEGER NOT NULL, last INTEGER NOT NULL, born INTEGER NOT NULL, stream INTEGER NOT NULL,
    PRIMARY KEY (scope, node, last)
  ) WITHOUT ROWID;
  CREATE INDEX lives_by_birth ON lives (scope, node, born, stream);
`;

/** Opens the file of an index, and makes it anew where it is of another format or damaged. */
export function openIndex(path: string): DatabaseSync {
  try {
    const known = opened(path);
    if (known) return known;
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
  }
  removeIndex(path);
  const made = opened(path);
  if (!made) throw new Error(`the file ${path} cannot be made`);
  return made;
}

export function removeIndex(path: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(path + end, { force: true });
}

/** Undefined for a file of another format. */
function opened(path: string): DatabaseSync | undefined {
  closeToOthers(path);
  const database = new DatabaseSync(path, { timeout: LOCKED_MS });
  try {
    // One process has it: two of them would each add the same events.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; COMMIT');
    const fresh = database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
    if (!fresh && !isOfThisFormat(database)) {
      database.close();
      return undefined;
    }
    database.exec(
      `PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA cache_size = -${CACHE_KIB}`,
    );
    if (fresh)
      database.exec(
        `BEGIN; ${TABLES} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}; COMMIT`,
      );
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

/** Makes the file closed to other users (0600): SQLite gives its side files the same mode. A link is refused. */
function closeToOthers(path: string): void {
  const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
  closeSync(openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600));
  chmodSync(path, 0o600);
}

function isOfThisFormat(database: DatabaseSync): boolean {
  const { application_id: application } = database.prepare('PRAGMA application_id').get() ?? {};
  const { user_version: version } = database.prepare('PRAGMA user_version').get() ?? {};
  return application === APPLICATION_ID && version === FORMAT_VERSION;
}

/** SQLite's codes for a file that is not what SQLite wrote. */
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

export function isDamage(cause: unknown): boolean {
  if (typeof cause !== 'object' || cause === null || !('errcode' in cause)) return false;
  const code = typeof cause.errcode === 'number' ? cause.errcode & 0xff : 0;
  return code === CORRUPT || code === NOT_A_DATABASE;
}
