import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FilePodVolumes } from './file-pod-volumes.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const file = (path: string, text: string, mode = 0o644) => ({ path, bytes: bytes(text), mode });

describe('volumes in folders', () => {
  let folder = '';
  let memoryFolder = '';
  let volumes: FilePodVolumes;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'shiplog-volumes-'));
    memoryFolder = mkdtempSync(join(tmpdir(), 'shiplog-memory-'));
    volumes = new FilePodVolumes({ folder, memoryFolder });
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
    expect(await volumes.subPath('u', 'e', path, 'deep/er')).toBe(join(path, 'deep/er'));
    expect(statSync(join(path, 'deep')).mode & 0o777).toBe(0o777);
    symlinkSync('/etc', join(path, 'out'));
    await expect(volumes.subPath('u', 'e', path, 'out/passwd')).rejects.toThrow('leads out of the volume');
    await expect(volumes.subPath('u', 'e', path, '../x')).rejects.toThrow('leads out of the volume');
    await expect(put([file('../../x', '')])).rejects.toThrow('leads out of the volume');
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
    expect(await new FilePodVolumes({ folder, memoryFolder }).loadState()).toBe('{"a":1}');
  });
});
