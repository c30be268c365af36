import { writeFileSync } from 'node:fs';
import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SqliteEventLog } from '#adapters';
import { AppendVoid, LogFailed, LogFull } from '#ports';
import type { EventLog } from '#ports';
import { collect, eventOf } from './log-testing.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shiplog-faults-'));
  path = join(folder, 'log.db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (faults?: string): Promise<SqliteEventLog> =>
  SqliteEventLog.open(path, faults === undefined ? {} : { faults });
const append = (log: EventLog, n: number, stream = 'a') => log.append(stream, eventOf(stream, n - 1), n - 1);

/** Appends one after the other until one is refused; what was acknowledged, and why it ended. */
async function appendUntilRefused(log: EventLog): Promise<{ acknowledged: number; cause: unknown }> {
  for (let acknowledged = 0; acknowledged < 1000; acknowledged++) {
    try {
      await append(log, acknowledged);
    } catch (cause) {
      return { acknowledged, cause };
    }
  }
  throw new Error('nothing failed');
}
/** Resolves with why a subscription ended: what ends the process. */
function endOf(log: EventLog): Promise<unknown> {
  return new Promise((resolve) => log.subscribe(0, () => undefined, resolve));
}

describe('a disk that fails under the log', () => {
  // What is done before the tenth append: opening marks once, each append begins, inserts, commits and marks.
  it.each([
    ['begin:EIO@10', 9],
    ['begin:EIO-AFTER@10', 9],
    ['insert:EIO@10', 9],
    ['insert:EIO-AFTER@10', 9],
    ['commit:EIO@10', 9],
    ['commit:EIO-AFTER@10', 9],
    ['mark:EIO@11', 9],
    ['mark:EIO-AFTER@11', 9],
    ['mark:TORN@11', 9],
    ['mark:ENOSPC@11', 9],
  ])('ends the log with one sentence, and loses nothing acknowledged: %s', async (faults, count) => {
    const log = await open(faults);
    const ended = endOf(log);
    const { acknowledged, cause } = await appendUntilRefused(log);
    expect(acknowledged).toBe(count);
    expect(cause).toBeInstanceOf(LogFailed);
    expect(cause).toMatchObject({ retryable: false });
    expect(String((cause as Error).message)).toMatch(/^The event log \S+ failed: [^\n]*\.$/);
    expect(await ended).toBe(cause);
    // Nothing is taken or shown by a log that has failed.
    await expect(append(log, 0, 'b')).rejects.toBe(cause);
    await expect(log.head()).rejects.toBe(cause);
    expect(await log.problem()).toBe((cause as Error).message);
    await log.close();

    const again = await open();
    const events = await collect(again.readStream('a', 0));
    // The append whose outcome was not known may be there, whole, or not.
    expect([acknowledged, acknowledged + 1]).toContain(events.length);
    expect(events.map(({ revision }) => revision)).toEqual(events.map((_, index) => index));
    await append(again, events.length);
    await again.close();
  });

  it('ends the log when a read fails, whoever reads', async () => {
    const plan = join(folder, 'plan');
    const log = await open(`file:${plan}`);
    for (let n = 0; n < 20; n++) await append(log, n);
    const ended = endOf(log);
    expect(await collect(log.readAll(0))).toHaveLength(20);
    writeFileSync(plan, 'read:EIO@1');
    // The log itself ends by it, not only the read.
    await expect(collect(log.readAll(0))).rejects.toBeInstanceOf(LogFailed);
    expect(await ended).toBeInstanceOf(LogFailed);
    expect(await log.problem()).toContain('the disk reported an error');
    await log.close();
  });

  it('is named when it fails at the start', async () => {
    await expect(open('mark:EIO@1')).rejects.toBeInstanceOf(LogFailed);
    const log = await open();
    await append(log, 0);
    await log.close();
  });
});

describe('a disk that is full', () => {
  it.each(['begin', 'insert', 'commit'])('refuses appends and says so, until there is room: %s', async (operation) => {
    const plan = join(folder, 'plan');
    const log = await open(`file:${plan}`);
    await append(log, 0);
    expect(await log.problem()).toBeUndefined();
    writeFileSync(plan, `${operation}:ENOSPC@1+,room:ENOSPC@1+`);
    const [first, second] = [append(log, 1), append(log, 2)];
    await expect(first).rejects.toBeInstanceOf(LogFull);
    await expect(second).rejects.toThrow();
    expect(await log.problem()).toContain('the disk is full');
    expect(await collect(log.readAll(0))).toHaveLength(1);
    // Not ready as long as what was refused would be refused again.
    expect(await log.problem()).toContain('the disk is full');
    writeFileSync(plan, '');
    expect(await log.problem()).toBeUndefined();
    await append(log, 1).catch((cause: unknown) => expect(cause).toBeInstanceOf(AppendVoid));
    await append(log, 1);
    expect(await collect(log.readAll(0))).toHaveLength(2);
    await log.close();
  });
});

describe('two writers', () => {
  it('are not both right when the lock file was removed: the first one ends, nothing of it is lost', async () => {
    const first = await open();
    await append(first, 0);
    const ended = endOf(first);
    await rm(`${path}-lock`);
    const opening = open();
    expect(await ended).toBeInstanceOf(LogFailed);
    const second = await opening;
    await expect(append(first, 1)).rejects.toThrow(/its lock file .* was removed/);
    expect(await append(second, 1)).toMatchObject({ revision: 1 });
    await first.close();
    expect(await collect(second.readAll(0))).toHaveLength(2);
    await second.close();
  });

  it('are found out before the commit when the other one has written', async () => {
    const log = await open();
    await append(log, 0);
    const ended = endOf(log);
    const other = new DatabaseSync(path);
    other.exec(`INSERT INTO events SELECT 2, stream, 1, body, chain FROM events WHERE position = 1`);
    other.close();
    const late = append(log, 1);
    await expect(late).rejects.toBeInstanceOf(LogFailed);
    await expect(late).rejects.toThrow('another process has written to it as well');
    expect(await ended).toBeInstanceOf(LogFailed);
    await log.close();
    const file = new DatabaseSync(path);
    expect(file.prepare('SELECT count(*) AS count FROM events').get()).toEqual({ count: 2 });
    file.close();
  });

  it('are found out by a writer that has nothing to write', async () => {
    const log = await open();
    await append(log, 0);
    const ended = endOf(log);
    const other = new DatabaseSync(path);
    other.exec(`UPDATE log SET value = 'somebody' WHERE name = 'writer'`);
    other.close();
    expect(await ended).toBeInstanceOf(LogFailed);
    await log.close();
  });

  it('are not who only reads, checks or folds the write-ahead log', async () => {
    const log = await open();
    for (let n = 0; n < 5; n++) await append(log, n);
    const other = new DatabaseSync(path);
    other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    other.prepare('SELECT count(*) FROM events').get();
    other.close();
    const beside = await SqliteEventLog.open(path, { mode: 'read' });
    expect(await collect(beside.readAll(0))).toHaveLength(5);
    await append(log, 5);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await append(log, 6);
    await beside.close();
    await log.close();
  });

  it('are not told apart by chance: a log whose file was put aside ends too', async () => {
    const log = await open();
    await append(log, 0);
    await copyFile(path, join(folder, 'copy'));
    await rename(join(folder, 'copy'), path);
    await expect(append(log, 1)).rejects.toThrow('its file was removed or replaced');
    await log.close();
  });
});
