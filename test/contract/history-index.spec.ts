import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryHistoryIndex, SqliteHistoryIndex } from '#adapters';
import { HistoryIndexFailed } from '#ports';
import { historyIndexContract, type IndexPlace } from './history-index.contract.js';

historyIndexContract('memory', async (): Promise<IndexPlace> => {
  const index = new MemoryHistoryIndex();
  return { open: () => index, remove: () => index.clear() };
});

historyIndexContract('sqlite', async (): Promise<IndexPlace> => {
  const folder = await mkdtemp(join(tmpdir(), 'shiplog-history-'));
  const path = join(folder, 'made', 'index.db');
  return { open: () => new SqliteHistoryIndex(path), remove: () => rm(folder, { recursive: true }) };
});

describe('the file of a history index', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shiplog-history-'));
    path = join(folder, 'index.db');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const marked = async (): Promise<void> => {
    const index = new SqliteHistoryIndex(path);
    await index.add([], { epoch: 1, mark: { at: 1 } });
    await index.close();
  };
  const markIn = async (): Promise<unknown> => {
    const index = new SqliteHistoryIndex(path);
    try {
      return await index.mark();
    } finally {
      await index.close();
    }
  };

  it('is made anew where it is of another format or no database', async () => {
    await marked();
    expect(await markIn()).toEqual({ at: 1 });
    const bytes = await readFile(path);
    // The user version of SQLite's header.
    bytes.writeUInt32BE(99, 60);
    await writeFile(path, bytes);
    expect(await markIn()).toBeUndefined();
    await marked();
    await writeFile(path, 'not a database, but long enough to be looked at as if it were one'.repeat(100));
    expect(await markIn()).toBeUndefined();
  });

  it('is closed to other users, as its folder is', async () => {
    const inner = join(folder, 'made');
    const index = new SqliteHistoryIndex(join(inner, 'index.db'));
    await index.add([], { epoch: 1, mark: { at: 1 } });
    const files = await readdir(inner);
    expect(files).toContain('index.db-wal');
    for (const path of [inner, ...files.map((name) => join(inner, name))])
      expect((await stat(path)).mode & 0o077).toBe(0);
    await index.close();
  });

  it('belongs to one process, and another one is told so', async () => {
    const first = new SqliteHistoryIndex(path);
    await first.add([], { epoch: 1, mark: { at: 1 } });
    await expect(markIn()).rejects.toThrow(HistoryIndexFailed);
    expect(await first.mark()).toEqual({ at: 1 });
    await first.close();
    expect(await markIn()).toEqual({ at: 1 });
  });

  it('is let go while nobody asks, and taken again', async () => {
    const first = new SqliteHistoryIndex(path, { idleMs: 20 });
    await first.add([], { epoch: 1, mark: { at: 1 } });
    // Another one can open it only when the first has let it go.
    for (;;) {
      const seen = await markIn().catch(() => undefined);
      if (seen !== undefined) break;
    }
    for (let i = 0; i < 5; i++) {
      expect(await first.mark()).toEqual({ at: 1 });
      // About when its thread ends.
      await new Promise((resolve) => setTimeout(resolve, 18 + i));
    }
    await Promise.all([first.mark(), first.close()]);
  });

  it('answers nothing once it is closed, and needs no thread to be closed', async () => {
    const index = new SqliteHistoryIndex(path);
    await index.close();
    await expect(index.mark()).rejects.toThrow(/is closed/);
    await expect(stat(path)).rejects.toThrow();
  });
});
