import * as nodeFiles from 'node:fs';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../clock/index.js';
import { FileKeyStore, type FileChanges } from './file-key-store.js';
import { KeyRotation, type KeyChange } from './key-rotation.js';
import { LEAD_BY_HAND_MS } from './key-schedule.js';
import { MemoryKeyStore, type KeyStore } from './key-store.js';
import { StoredKeys } from './stored-keys.js';

const UIDS = ['uid-1', 'uid-2', 'a/b.c'];
const YEAR_MS = 366 * 86_400_000;

const CHANGES = ['openSync', 'writeSync', 'fsyncSync', 'closeSync', 'linkSync', 'renameSync', 'unlinkSync'] as const;

let home: string;
const clock = new VirtualClock(Date.UTC(2030, 0, 1));
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'shiplog-master-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const openKeys = (store: KeyStore): Promise<StoredKeys> => StoredKeys.open(store, { now: () => clock.now() });
const rotationOf = (keys: StoredKeys, problems: unknown[] = [], changes: KeyChange[] = []): KeyRotation => {
  const rotation = new KeyRotation({ keys, clock, rotates: () => true, onProblem: (cause) => problems.push(cause) });
  rotation.onChange((change) => changes.push(change));
  return rotation;
};
const sealAll = (keys: StoredKeys): Record<string, string> =>
  Object.fromEntries(UIDS.map((uid) => [uid, keys.seal(uid, 0, `clear ${uid}`)]));
const openAll = (keys: StoredKeys, sealed: Record<string, string>): readonly (string | undefined)[] =>
  Object.entries(sealed).map(([uid, text]) => keys.open(uid, text));
const CLEAR = UIDS.map((uid) => `clear ${uid}`);
const mastersIn = (keys: StoredKeys): readonly number[] => keys.rotating.master.generations.map(({ number }) => number);
const byHand = (keys: StoredKeys): Promise<void> =>
  keys.rotating.master.add({ made: clock.now(), signs: clock.now(), by: 'ada' });

/** Changes of files that end, as a killed process does, before the nth one; a text may be half written by then. */
function mortal(changesMax: number): { readonly files: FileChanges; readonly isDead: () => boolean } {
  let left = changesMax;
  let isDead = false;
  const died = new Error('the process is dead');
  const step = (): void => {
    if (isDead || left-- <= 0) {
      isDead = true;
      throw died;
    }
  };
  const files = {
    openSync: (...given: Parameters<typeof nodeFiles.openSync>) => (step(), nodeFiles.openSync(...given)),
    writeSync: (file: number, text: string | Buffer) => {
      const bytes = Buffer.from(text as string);
      if (left === 0 && !isDead) nodeFiles.writeSync(file, bytes, 0, Math.floor(bytes.length / 2), 0);
      step();
      return nodeFiles.writeSync(file, bytes, 0, bytes.length, 0);
    },
    fsyncSync: (file: number) => (step(), nodeFiles.fsyncSync(file)),
    // A dead process holds no files: closing is not one of its changes.
    closeSync: (file: number) => nodeFiles.closeSync(file),
    linkSync: (from: string, to: string) => (step(), nodeFiles.linkSync(from, to)),
    renameSync: (from: string, to: string) => (step(), nodeFiles.renameSync(from, to)),
    unlinkSync: (path: string) => (step(), nodeFiles.unlinkSync(path)),
  };
  return { files: files as unknown as FileChanges, isDead: () => isDead };
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

describe('a new master key', () => {
  it('wraps the keys of all objects anew, the old one is destroyed then, and sealed texts stay as they are', async () => {
    const keys = await openKeys(new MemoryKeyStore());
    const sealed = sealAll(keys);
    const reader = await openKeys(keys.store);
    const changes: KeyChange[] = [];
    const rotation = rotationOf(keys, [], changes);
    await rotation.look();
    const wrapped = keys.store.read('objects/uid-1');
    await byHand(keys);
    await rotation.look();
    await rotation.look();
    expect(mastersIn(keys)).toEqual([2]);
    expect(keys.store.list('master')).toEqual(['000002']);
    expect(changes.map(({ number, did, by }) => [number, did, by])).toEqual([
      [2, 'made', 'ada'],
      [2, 'signs', 'ada'],
      [1, 'dropped', 'schedule'],
    ]);
    expect(keys.store.read('objects/uid-1')).not.toBe(wrapped);
    // A process that has never heard of the new master key, and one that starts.
    expect(openAll(reader, sealed)).toEqual(CLEAR);
    expect(openAll(await openKeys(keys.store), sealed)).toEqual(CLEAR);
    expect(reader.open('late', keys.seal('late', 0, 'x'))).toBe('x');
  });

  it('is made by itself once a year', async () => {
    const keys = await openKeys(new MemoryKeyStore());
    const sealed = sealAll(keys);
    const rotation = rotationOf(keys);
    for (let year = 1; year <= 3; year++) {
      clock.step(YEAR_MS);
      await rotation.look();
      await rotation.look();
      expect(mastersIn(keys)).toEqual([year + 1]);
    }
    expect(openAll(keys, sealed)).toEqual(CLEAR);
  });

  it('is not lost when the clock is set back before it was made', async () => {
    const keys = await openKeys(new MemoryKeyStore());
    const sealed = sealAll(keys);
    const rotation = rotationOf(keys);
    clock.step(5 * YEAR_MS);
    await rotation.look();
    clock.step(-5 * YEAR_MS);
    for (let i = 0; i < 3; i++) await rotation.look();
    expect(openAll(keys, sealed)).toEqual(CLEAR);
    sealed['new'] = keys.seal('new', 0, 'clear new');
    expect(openAll(await openKeys(keys.store), sealed)).toEqual([...CLEAR, 'clear new']);
  });

  it('takes over from the one key of an older build, whose files are read as they are', async () => {
    const store = new FileKeyStore(join(home, 'keys'));
    store.createOnce('master.key', `${Buffer.alloc(32, 7).toString('base64')}\n`);
    const keys = await openKeys(store);
    const sealed = sealAll(keys);
    const rotation = rotationOf(keys);
    await rotation.look();
    await rotation.look();
    expect(mastersIn(keys)).toEqual([1]);
    expect(store.read('master.key')).toBeUndefined();
    expect(openAll(await openKeys(store), sealed)).toEqual(CLEAR);
  });

  it('lets no other process change a key that is just wrapped anew, so that what is shredded stays shredded', async () => {
    const folder = join(home, 'keys');
    const store = new FileKeyStore(folder);
    const keys = await openKeys(store);
    const sealed = keys.seal('uid-1', 0, 'x');
    const other = new FileKeyStore(folder, { lockWaitMs: 0 });
    let attempts = 0;
    const files = {
      ...nodeFiles,
      ...Object.fromEntries(
        CHANGES.map((name) => [
          name,
          (...given: never[]) => {
            attempts++;
            expect(() => other.destroy('objects/uid-1')).toThrow(/locked by another process/);
            expect(() => other.replace('objects/uid-1', store.read('objects/uid-1') ?? '', 'x')).toThrow(/locked/);
            return (nodeFiles[name] as (...given: never[]) => unknown)(...given);
          },
        ]),
      ),
    };
    const text = store.read('objects/uid-1') ?? '';
    expect(new FileKeyStore(folder, { files }).replace('objects/uid-1', text, `${text.trim()}\n\n`)).toBe(true);
    expect(attempts).toBeGreaterThan(8);
    other.destroy('objects/uid-1');
    expect(store.replace('objects/uid-1', text, text)).toBe(false);
    expect(keys.open('uid-1', sealed)).toBeUndefined();
  });

  it('leaves a readable home wherever a crash stops its way to the disk', async () => {
    let crashes = 0;
    const template = join(home, 'template');
    const sealed = sealAll(await openKeys(new FileKeyStore(template)));
    for (let changesMax = 0; ; changesMax++) {
      const folder = join(home, String(changesMax));
      nodeFiles.cpSync(template, folder, { recursive: true });
      const store = new FileKeyStore(folder);
      const { files, isDead } = mortal(changesMax);
      const doomed = await openKeys(new FileKeyStore(folder, { files }));
      const rotation = rotationOf(doomed);
      await byHand(doomed).catch(() => undefined);
      for (let i = 0; i < 3; i++) await rotation.look();
      const late = attempt(() => doomed.seal('late', 0, 'clear late'));

      const after = await openKeys(store);
      expect([changesMax, openAll(after, sealed)]).toEqual([changesMax, CLEAR]);
      const problems: unknown[] = [];
      const continued = rotationOf(after, problems);
      await byHand(after);
      for (let i = 0; i < 3; i++) await continued.look();
      expect(problems).toEqual([]);
      expect(mastersIn(after)).toHaveLength(1);
      if (late !== undefined) expect(after.open('late', late)).toBe('clear late');
      expect([changesMax, openAll(await openKeys(store), sealed)]).toEqual([changesMax, CLEAR]);
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        const path = join(folder, name);
        if (statSync(path).isFile()) expect([path, statSync(path).mode & 0o077]).toEqual([path, 0]);
        if (name.startsWith('objects/')) expect(name).not.toMatch(/\.new$/);
      }
      if (!isDead()) break;
      crashes++;
    }
    expect(crashes).toBeGreaterThan(30);
  });

  it('says nothing of the key anywhere but in its file', async () => {
    const store = new FileKeyStore(join(home, 'keys'));
    const keys = await openKeys(store);
    const problems: unknown[] = [];
    keys.seal('uid-1', 0, 'x');
    await byHand(keys);
    const name = `objects/uid-1`;
    const text = store.read(name) ?? '';
    store.destroy(name);
    store.createOnce(name, `${text.slice(0, 20)}AAAA\n`);
    const broken: string[] = [];
    const again = await StoredKeys.open(store, { now: () => clock.now(), onBroken: (uid) => broken.push(uid) });
    await rotationOf(again, problems).look();
    expect(problems).toEqual([]);
    expect(broken).toEqual(['uid-1']);
    expect(() => again.open('uid-1', Buffer.alloc(60, 1).toString('base64'))).toThrow(/altered/);
    expect(readFileSync(join(home, 'keys', 'master', '000002'), 'utf8')).toContain('by: ada');
    expect(LEAD_BY_HAND_MS).toBeGreaterThan(1000);
  });
});
