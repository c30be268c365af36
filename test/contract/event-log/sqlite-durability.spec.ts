import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SqliteEventLog } from '#adapters';
import { AppendVoid, LogDamaged, LogFull, LogUnavailable } from '#ports';
import type { EventLog } from '#ports';
import { built, killedWriter } from './killed-writer.js';
import type { Acknowledged } from './killed-writer.js';
import { Follow, collect, eventOf } from './log-testing.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shiplog-log-'));
  path = join(folder, 'log.db');
});
afterEach(() => rm(folder, { recursive: true }));

async function withLog<T>(use: (log: EventLog) => Promise<T>, mode: 'write' | 'read' = 'write'): Promise<T> {
  const log = await SqliteEventLog.open(path, { mode });
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}
async function fill(log: EventLog, count: number, stream = 'a'): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, n) => log.append(stream, eventOf(stream, n - 1), n - 1)));
}
/** Something done to the file behind the log's back. */
function tamper(statement: string): void {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  database.exec(statement);
  database.close();
}

describe('a writer that is killed with SIGKILL', () => {
  it('loses nothing that it acknowledged, leaves no lock, and its successor goes on', async () => {
    const acknowledged: Acknowledged[] = [];
    for (let run = 0; run < 4; run++)
      acknowledged.push(...(await killedWriter(`sqlite:${path}`, `run-${run}`, 500 + run * 333)));
    expect(acknowledged.length).toBeGreaterThan(2000);
    await withLog(async (log) => {
      const events = new Map((await collect(log.readAll(0))).map((event) => [event.position, event]));
      for (const { position, stream, revision } of acknowledged)
        expect(events.get(position)).toMatchObject({ stream, revision });
    });
  });

  it('is followed by a reader in another process, up to its last acknowledged event', async () => {
    await withLog((log) => fill(log, 1));
    await withLog(async (beside) => {
      const follow = new Follow(beside, 1);
      const acknowledged = await killedWriter(`sqlite:${path}`, 'run', 1000);
      await follow.reached(Math.max(...acknowledged.map(({ position }) => position)));
      expect(follow.positions).toEqual(follow.positions.map((_, index) => index + 2));
      await follow.close();
    }, 'read');
  });
});

describe('the right to write', () => {
  it('belongs to one process at a time, and the other is told which file and who', async () => {
    const writer = spawn(process.execPath, [
      built('test/contract/event-log/append-forever.js'),
      `sqlite:${path}`,
      'holder',
    ]);
    await once(writer.stdout, 'data');
    const second = SqliteEventLog.open(path);
    await expect(second).rejects.toBeInstanceOf(LogUnavailable);
    await expect(second).rejects.toThrow(`The event log ${path} is being written by process ${writer.pid} on `);
    await withLog(async (beside) => expect(await beside.head()).toBeGreaterThan(0), 'read');
    writer.kill('SIGKILL');
    await once(writer, 'close');
    await withLog((log) => fill(log, 1));
  });

  it('is refused within one process too, and free after close', async () => {
    await withLog(async () => {
      await expect(SqliteEventLog.open(path)).rejects.toThrow('is being written by process');
    });
    await withLog((log) => fill(log, 3));
  });

  it('is not what a reading process has', async () => {
    await withLog((log) => fill(log, 1));
    await withLog(async (beside) => {
      await expect(beside.append('a', eventOf('a', 0), 0)).rejects.toThrow('was opened for reading');
    }, 'read');
  });
});

describe('a damaged log is named and refused:', () => {
  const refused = async (position: number | undefined): Promise<void> => {
    for (const mode of ['write', 'read'] as const) {
      const opening = SqliteEventLog.open(path, { mode });
      await expect(opening).rejects.toBeInstanceOf(LogDamaged);
      await expect(opening).rejects.toThrow(`The event log ${path} is damaged`);
      if (position !== undefined) await expect(opening).rejects.toMatchObject({ position });
    }
  };
  beforeEach(() => withLog((log) => fill(log, 50)));

  it.each([
    ['an altered body', `UPDATE events SET body = replace(body, 'tester', 'nobody') WHERE position = 20`, 20],
    ['an altered stream name', `UPDATE streams SET name = 'b'`, 1],
    ['an altered revision', 'UPDATE events SET revision = 1000 WHERE position = 7', 7],
    ['a moved event', 'UPDATE events SET position = 1000 WHERE position = 50', 50],
    ['a missing event', 'DELETE FROM events WHERE position = 30', 31],
    ['a missing end', 'DELETE FROM events WHERE position > 40', 41],
    ['an altered chain', `UPDATE events SET chain = 'x' WHERE position = 12`, 12],
    ['an added event', `INSERT INTO events SELECT 51, stream, 50, body, chain FROM events WHERE position = 50`, 51],
    ['a missing table', 'DROP TABLE streams', undefined],
  ])('%s', async (_what, statement, position) => {
    tamper(statement);
    await refused(position);
  });

  it('a body that was altered while the log is open is not given out', async () => {
    await withLog(async (log) => {
      tamper(`UPDATE events SET body = replace(body, 'tester', 'nobody') WHERE position = 20`);
      await expect(collect(log.readAll(0))).rejects.toMatchObject({ name: 'LogDamaged', position: 20 });
      await expect(collect(log.readStream('a', 10))).rejects.toMatchObject({ name: 'LogDamaged', position: 20 });
      const follow = new Follow(log, 0);
      await expect(follow.reached(50)).rejects.toMatchObject({ name: 'LogDamaged', position: 20 });
      expect(follow.positions.every((position) => position < 20)).toBe(true);
    });
  });

  it('a file that was cut short', async () => {
    truncateSync(path, Math.floor(statSync(path).size / 2 / 4096) * 4096);
    await refused(undefined);
  });

  it('a file with flipped bytes, wherever they are', async () => {
    const sound = readFileSync(path);
    for (let offset = 0; offset < sound.length; offset += 1531) {
      writeFileSync(path, sound);
      const file = openSync(path, 'r+');
      const bytes = Buffer.alloc(16);
      readSync(file, bytes, 0, 16, offset);
      writeSync(
        file,
        bytes.map((byte) => byte ^ 0x5a),
        0,
        16,
        offset,
      );
      closeSync(file);
      // Free space within a page may hold anything; then what is read must be exactly what was written.
      const read = await withLog((log) => collect(log.readAll(0))).catch((cause: unknown) => cause);
      if (Array.isArray(read)) expect(read).toHaveLength(50);
      else expect(read).toBeInstanceOf(LogDamaged);
    }
  });

  it('a file that is something else', async () => {
    writeFileSync(path, 'this is a text and no database, but long enough to be one '.repeat(100));
    await refused(undefined);
    await rm(path);
    tamper('CREATE TABLE other (x)');
    await refused(undefined);
  });

  it('an older copy put in its place', async () => {
    const copy = join(folder, 'copy.db');
    copyFileSync(path, copy);
    await withLog((log) => fill(log, 5, 'b'));
    copyFileSync(copy, path);
    await refused(51);
  });
});

describe('a write-ahead log that was torn', () => {
  it('is found out, because the acknowledged end is missing', async () => {
    // A killed writer leaves its write-ahead log behind.
    const acknowledged = await killedWriter(`sqlite:${path}`, 'run', 500);
    const last = Math.max(...acknowledged.map(({ position }) => position));
    truncateSync(`${path}-wal`, Math.floor(statSync(`${path}-wal`).size * 0.6));
    await rm(`${path}-shm`);
    const opening = SqliteEventLog.open(path);
    await expect(opening).rejects.toBeInstanceOf(LogDamaged);
    await expect(opening).rejects.toThrow(/events up to position \d+ were acknowledged and are missing/);
    expect(last).toBeGreaterThan(0);
  });
});

describe('one clear sentence for', () => {
  it('a log that is not there', async () => {
    await expect(SqliteEventLog.open(path, { mode: 'read' })).rejects.toThrow(`There is no event log at ${path}.`);
  });
  it('a path that is a folder', async () => {
    await mkdir(path);
    await expect(SqliteEventLog.open(path)).rejects.toThrow(`The event log ${path} cannot be used: `);
  });
  it('a path through a file', async () => {
    writeFileSync(path, '');
    await expect(SqliteEventLog.open(join(path, 'log.db'))).rejects.toThrow(
      'a part of its path is a file and not a folder',
    );
  });
  it('a disk that is full, while what was acknowledged stays', async () => {
    const small = join(folder, 'small');
    await mkdir(small);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]);
    // Only root may mount; elsewhere this cannot be tried.
    if (mounted.status !== 0) return;
    try {
      path = join(small, 'log.db');
      await withLog(async (log) => {
        let acknowledged = 0;
        const filling = (async () => {
          for (; ; acknowledged++)
            await log.append(
              'a',
              { ...eventOf('a', acknowledged - 1), data: { text: 'x'.repeat(20_000) } },
              acknowledged - 1,
            );
        })();
        await expect(filling).rejects.toThrow(
          `The event log ${path} cannot be used: the disk is full; make room and try again.`,
        );
        expect(acknowledged).toBeGreaterThan(5);
        expect(await collect(log.readAll(0))).toHaveLength(acknowledged);
        const text = 'x'.repeat(20_000);
        const failing = log.append('b', { ...eventOf('b', -1), data: { text } }, -1);
        await new Promise(setImmediate);
        // The worker fails meanwhile, and this thread does not know yet.
        spawnSync('sleep', ['0.2']);
        spawnSync('mount', ['-o', 'remount,size=8m', small]);
        // What is decided now may build on what failed: it must not come true without it, although there is room.
        const after = log.append('c', eventOf('c', -1), -1);
        await expect(failing).rejects.toBeInstanceOf(LogFull);
        await expect(after).rejects.toBeInstanceOf(AppendVoid);
        expect(await collect(log.readStream('c', 0))).toEqual([]);
        await log.append('a', eventOf('a', acknowledged - 1), acknowledged - 1);
        expect(await collect(log.readAll(0))).toHaveLength(acknowledged + 1);
      });
    } finally {
      spawnSync('umount', [small]);
    }
  });
  it('a folder that may not be written to', async () => {
    const fixed = join(folder, 'fixed');
    await mkdir(fixed);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', fixed]);
    if (mounted.status !== 0) return;
    try {
      await expect(SqliteEventLog.open(join(fixed, 'log.db'))).rejects.toThrow(
        /cannot be used: .*(read-only|cannot be opened)/,
      );
      await expect(SqliteEventLog.open(join(fixed, 'deep', 'log.db'))).rejects.toThrow(
        'cannot be used: the file system is read-only.',
      );
    } finally {
      spawnSync('umount', [fixed]);
    }
  });
  it('a newer format', async () => {
    await withLog((log) => fill(log, 1));
    tamper('PRAGMA user_version = 2');
    await expect(SqliteEventLog.open(path)).rejects.toThrow(
      'has format 2, and this build knows format 1; use a newer build.',
    );
  });
});
