import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBeneath } from './beneath.js';
import { FilePodVolumes } from './file-pod-volumes.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const file = (path: string, text: string, mode = 0o644) => ({ path, bytes: bytes(text), mode });

/** As an engine in this process's own mount namespace. */
const engineSees = (at: string, name: string): Promise<boolean> => Promise.resolve(existsSync(join(at, name)));

describe('volumes in folders', () => {
  let folder = '';
  let memoryFolder = '';
  let volumes: FilePodVolumes;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'shiplog-volumes-'));
    memoryFolder = mkdtempSync(join(tmpdir(), 'shiplog-memory-'));
    volumes = new FilePodVolumes({ folder, memoryFolder, engineSees });
  });
  afterEach(async () => {
    await volumes.removePod('u');
    rmSync(folder, { recursive: true });
    rmSync(memoryFolder, { recursive: true });
  });
  const put = (files: readonly ReturnType<typeof file>[], secret = false) =>
    volumes.put('u', { is: 'files', name: 'v', secret, files });

  it('shows files through one link that is turned at once', async () => {
    const path = await put([file('a', 'one'), file('deep/b', 'two', 0o400)]);
    expect(readFileSync(join(path, 'a'), 'utf8')).toBe('one');
    expect(readFileSync(join(path, 'deep/b'), 'utf8')).toBe('two');
    expect(statSync(join(path, 'deep/b')).mode & 0o777).toBe(0o400);
    const first = readlinkSync(join(path, '..data'));
    await put([file('a', 'one'), file('deep/b', 'two', 0o400)]);
    expect(readlinkSync(join(path, '..data'))).toBe(first);
    await put([file('a', 'new'), file('c', 'three')]);
    expect(readlinkSync(join(path, '..data'))).not.toBe(first);
    expect(readdirSync(path).filter((name) => !name.startsWith('..'))).toEqual(['a', 'c']);
    expect(readFileSync(join(path, 'a'), 'utf8')).toBe('new');
    expect(readdirSync(path).filter((name) => name.startsWith('..v')).length).toBe(1);
    await put([]);
    expect(readdirSync(path).filter((name) => !name.startsWith('..'))).toEqual([]);
  });
  it('keeps secrets out of the folder on the disk', async () => {
    const path = await put([file('k', 'hush')], true);
    expect(path.startsWith(memoryFolder)).toBe(true);
    expect(await volumes.pods()).toEqual(['u']);
    await volumes.removePod('u');
    expect(await volumes.pods()).toEqual([]);
  });
  it('makes empty volumes that everybody may write to, whatever the umask', async () => {
    const path = await volumes.put('u', { is: 'empty', name: 'e', medium: '' });
    expect(statSync(path).mode & 0o7777).toBe(0o777);
    const grouped = await volumes.put('u', { is: 'empty', name: 'g', medium: '', ownerGroup: 3000 });
    expect(statSync(grouped)).toMatchObject({ gid: 3000 });
    expect(statSync(grouped).mode & 0o7777).toBe(0o2777);
  });
  it('never leads out of a volume', async () => {
    const path = await volumes.put('u', { is: 'empty', name: 'e', medium: '' });
    const deeper = await volumes.subPath('u', 'e', path, 'deep/er');
    expect(statSync(deeper).ino).toBe(statSync(join(path, 'deep/er')).ino);
    expect(statSync(join(path, 'deep')).mode & 0o777).toBe(0o777);
    symlinkSync('/etc', join(path, 'out'));
    await expect(volumes.subPath('u', 'e', path, 'out/passwd')).rejects.toThrow('leads out of the volume');
    await expect(volumes.subPath('u', 'e', path, '../x')).rejects.toThrow('leads out of the volume');
    await expect(put([file('../../x', '')])).rejects.toThrow('leads out of the volume');
  });
  it('closes the folders around memory volumes, tokens and secrets to other users, in whatever order they come', async () => {
    const memory = await volumes.put('u', { is: 'empty', name: 'm', medium: 'Memory' });
    const secret = await put([file('token', 'hush')], true);
    const plain = await volumes.put('u', { is: 'empty', name: 'e', medium: '' });
    expect(statSync(memory).mode & 0o7777).toBe(0o1777);
    for (const path of [memory, secret, plain])
      for (const around of ['..', '../..', '../../..', '../../../..'])
        expect([around, statSync(join(path, around)).mode & 0o777]).toEqual([around, 0o700]);
  });
  it('puts nothing into a folder that somebody else made, that leads elsewhere or that others could write', async () => {
    const taken = join(memoryFolder, 'taken');
    const there = new FilePodVolumes({ folder, memoryFolder: taken, engineSees });
    const secret = () => there.put('u', { is: 'files', name: 'v', secret: true, files: [file('k', 'hush')] });
    mkdirSync(taken, { mode: 0o700 });
    chownSync(taken, 4242, 4242);
    await expect(secret()).rejects.toThrow(`${taken} belongs to user 4242, not to 0`);
    chownSync(taken, 0, 0);
    chmodSync(taken, 0o777);
    await expect(secret()).rejects.toThrow(`${taken} can be written by other users`);
    rmSync(taken, { recursive: true });
    const elsewhere = join(memoryFolder, 'elsewhere');
    mkdirSync(elsewhere, { mode: 0o700 });
    symlinkSync(elsewhere, taken);
    await expect(secret()).rejects.toThrow(`${taken} is a link or no folder`);
    expect(readdirSync(elsewhere)).toEqual([]);
  });
  it('mounts the part of a volume that was checked, whatever its name leads to afterwards', async () => {
    const outside = join(folder, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'which'), 'outside');
    const path = await volumes.put('u', { is: 'empty', name: 'e', medium: '' });
    mkdirSync(join(path, 'part'));
    writeFileSync(join(path, 'part', 'which'), 'inside');
    const mounted = await volumes.subPath('u', 'e', path, 'part');
    // A container that has the volume swaps the name before the engine looks it up.
    renameSync(join(path, 'part'), join(path, 'kept'));
    symlinkSync(outside, join(path, 'part'));
    expect(readFileSync(join(mounted, 'which'), 'utf8')).toBe('inside');
    await expect(volumes.subPath('u', 'e', path, 'part')).rejects.toThrow('leads out of the volume');
    // A link that stays within the volume may be used, and a file as well as a folder.
    rmSync(join(path, 'part'));
    symlinkSync('../e/kept', join(path, 'part'));
    await expect(volumes.subPath('u', 'e', path, 'part')).rejects.toThrow('leads out of the volume');
    rmSync(join(path, 'part'));
    symlinkSync('kept/../kept/./which', join(path, 'part'));
    const again = await volumes.subPath('u', 'e', path, 'part');
    expect(readFileSync(again, 'utf8')).toBe('inside');
    expect(await volumes.subPath('u', 'e', path, 'part')).toBe(again);
  });
  it('mounts parts of an empty volume that a container made look like a volume of files, after a restart too', async () => {
    const path = await volumes.put('u', { is: 'empty', name: 'e', medium: '' });
    mkdirSync(join(path, 'part'));
    symlinkSync('part', join(path, '..data'));
    const next = new FilePodVolumes({ folder, memoryFolder, engineSees });
    await next.earlier('u', 'e');
    await next.put('u', { is: 'empty', name: 'e', medium: '' });
    const mounted = await next.subPath('u', 'e', path, 'part');
    expect(mounted.startsWith(`${path}/`)).toBe(false);
    expect(statSync(mounted).ino).toBe(statSync(join(path, 'part')).ino);
  });
  it('never follows a name that is swapped for a link while it is looked up', async () => {
    const outside = join(folder, 'outside');
    mkdirSync(join(outside, 'deep'), { recursive: true });
    const path = await volumes.put('u', { is: 'empty', name: 'e', medium: '' });
    mkdirSync(join(path, 'real', 'deep'), { recursive: true });
    const wrong = statSync(join(outside, 'deep')).ino;
    symlinkSync(outside, join(path, 'link'));
    let isOver = false;
    const swapping = (async () => {
      for (let swaps = 0; !isOver; swaps++) {
        const from = join(path, swaps % 2 === 0 ? 'real' : 'link');
        // What is looked up and missing is made, also between these two: then this turn is left out.
        rmSync(join(path, 'part'), { recursive: true, force: true });
        const isSwapped = ((): boolean => {
          try {
            renameSync(from, join(path, 'part'));
            return true;
          } catch {
            return false;
          }
        })();
        await new Promise((resolve) => setImmediate(resolve));
        if (isSwapped) renameSync(join(path, 'part'), from);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const seen = { inside: 0, refused: 0 };
    for (let i = 0; i < 300; i++) {
      const handle = await openBeneath(path, 'part/deep').catch(() => undefined);
      if (handle) {
        expect((await handle.stat()).ino).not.toBe(wrong);
        await handle.close();
        seen.inside++;
      } else {
        seen.refused++;
      }
    }
    isOver = true;
    await swapping;
    expect(seen.inside).toBeGreaterThan(0);
    expect(existsSync(join(outside, 'deep'))).toBe(true);
  });
  it("removes a pod's files and nothing of the node that was mounted for it, also behind a link", async () => {
    const link = `${folder}-link`;
    symlinkSync(folder, link);
    const host = mkdtempSync(join(tmpdir(), 'shiplog-host-'));
    mkdirSync(join(host, 'data'));
    writeFileSync(join(host, 'data', 'precious'), 'keep');
    const behind = new FilePodVolumes({ folder: join(link, 'agent'), memoryFolder, engineSees });
    const path = await behind.put('u', { is: 'host', name: 'h', path: host, type: 'Directory' });
    const mounted = await behind.subPath('u', 'h', path, 'data');
    expect(readFileSync(join(mounted, 'precious'), 'utf8')).toBe('keep');
    expect(await behind.subPath('u', 'h', path, 'data')).toBe(mounted);
    const after = new FilePodVolumes({ folder: join(link, 'agent'), memoryFolder, engineSees });
    expect(await after.pods()).toEqual(['u']);
    await after.removePod('u');
    expect(await after.pods()).toEqual([]);
    expect(readFileSync(join(host, 'data', 'precious'), 'utf8')).toBe('keep');
    rmSync(host, { recursive: true });
    rmSync(link);
  });
  it('needs no mount for volumes that no pod can write, and refuses the others where mounts do not reach the engine', async () => {
    const blind = new FilePodVolumes({ folder, memoryFolder, engineSees: () => Promise.resolve(false) });
    const path = await blind.put('u', { is: 'files', name: 'v', secret: false, files: [file('a', 'one')] });
    expect(readFileSync(await blind.subPath('u', 'v', path, 'a'), 'utf8')).toBe('one');
    const empty = await blind.put('u', { is: 'empty', name: 'e', medium: '' });
    await expect(blind.subPath('u', 'e', empty, 'x')).rejects.toThrow(
      'a part of a volume that pods can write has to be mounted: the container engine does not see',
    );
  });
  it('checks what is at a path of the node', async () => {
    const host = (path: string, type: string) => volumes.put('u', { is: 'host', name: 'h', path, type });
    expect(await host(join(folder, 'made'), 'DirectoryOrCreate')).toBe(join(folder, 'made'));
    expect(statSync(await host(join(folder, 'file'), 'FileOrCreate')).isFile()).toBe(true);
    await expect(host('/etc', 'File')).rejects.toThrow('hostPath type check failed: /etc is not a file');
    await expect(host('/no/such', 'Directory')).rejects.toThrow(
      'hostPath type check failed: /no/such is not a directory',
    );
    await expect(host('/dev/null', 'Socket')).rejects.toThrow(
      'hostPath type check failed: /dev/null is not a socket file',
    );
    expect(await host('/dev/null', 'CharDevice')).toBe('/dev/null');
  });
  it('remembers its state whole or not at all', async () => {
    expect(await volumes.loadState()).toBeUndefined();
    await volumes.saveState('{"a":1}');
    expect(await new FilePodVolumes({ folder, memoryFolder, engineSees }).loadState()).toBe('{"a":1}');
  });
});
