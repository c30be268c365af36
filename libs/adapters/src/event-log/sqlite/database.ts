import { hash, randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreFailure, damaged } from './failure.js';

/** `SLOG` in ASCII: says that a SQLite file is an event log of ours. */
const APPLICATION_ID = 0x534c4f47;
const FORMAT_VERSION = 1;
/** About 32 MiB of write-ahead log before it is folded into the file: rarely enough to leave commits alone. */
const CHECKPOINT_PAGES = 8000;

/**
 * `chain` links each row to the one before: SHA-256 over the chain before, the position, the stream, the revision and
 * the event's JSON text. An altered, removed or inserted row breaks it.
 */
const TABLES = `
  CREATE TABLE log (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES streams (id),
    revision INTEGER NOT NULL,
    body TEXT NOT NULL,
    chain TEXT NOT NULL
  );
  CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);
`;

/** Opens the file of a log that this process writes, and makes it if there is none. */
export function openForWriting(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    const fresh = isEmpty(database);
    if (!fresh) refuseForeign(database, path);
    useWriteAheadLog(database, path);
    database.exec(
      `PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA foreign_keys = OFF`,
    );
    if (fresh) create(database);
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

/** Opens the file of a log beside its writer. */
export function openForReading(path: string): DatabaseSync {
  if (!existsSync(path)) throw new StoreFailure({ is: 'unavailable', message: `There is no event log at ${path}.` });
  const database = new DatabaseSync(path, { timeout: 5000, readOnly: true });
  try {
    if (isEmpty(database))
      throw new StoreFailure({ is: 'unavailable', message: `The event log ${path} is still being made.` });
    refuseForeign(database, path);
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

export function bytesOf(path: string): number {
  return (
    (statSync(path, { throwIfNoEntry: false })?.size ?? 0) +
    (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0)
  );
}

/** SQLite's own check of its pages, and of the indexes against the tables when it is to be thorough. */
export function checkPages(database: DatabaseSync, path: string, thorough: boolean): void {
  const first = Object.values(
    database.prepare(`PRAGMA ${thorough ? 'integrity_check' : 'quick_check'}(1)`).get() ?? {},
  )[0];
  if (first !== 'ok') throw damaged(path, undefined, `SQLite's check says "${String(first)}"`);
}

export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number(value ?? 0);
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}

function refuseForeign(database: DatabaseSync, path: string): void {
  const { application_id: application } = database.prepare('PRAGMA application_id').get() ?? {};
  if (application !== APPLICATION_ID) throw damaged(path, undefined, 'the file is not an event log of Shiplog');
  const { user_version: version } = database.prepare('PRAGMA user_version').get() ?? {};
  if (version === FORMAT_VERSION) return;
  const message = `The event log ${path} has format ${String(version)}, and this build knows format ${FORMAT_VERSION}; use a newer build.`;
  throw new StoreFailure({ is: 'unavailable', message });
}

function useWriteAheadLog(database: DatabaseSync, path: string): void {
  const { journal_mode: mode } = database.prepare('PRAGMA journal_mode = WAL').get() ?? {};
  if (mode === 'wal') return;
  const message = `The event log ${path} is on a file system without shared memory for SQLite's write-ahead log; put it on a local disk.`;
  throw new StoreFailure({ is: 'unavailable', message });
}

/** All in one transaction: a process that dies here leaves an empty file, which the next one fills. */
function create(database: DatabaseSync): void {
  const id = randomUUID();
  database.exec(`
    BEGIN IMMEDIATE;
    ${TABLES}
    INSERT INTO log VALUES ('id', '${id}'), ('origin', '0'), ('origin-chain', '${hash('sha256', id, 'base64url')}');
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${FORMAT_VERSION};
    COMMIT;
  `);
}
