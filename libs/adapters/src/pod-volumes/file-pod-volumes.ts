import { constants } from 'node:fs';
import { chmod, chown, mkdir, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { EmptyVolume, FilesVolume, HostVolume, PodVolumes, VolumePlan } from '#ports';
import { hasCode } from '../error-code.js';
import { swapFiles } from './atomic-files.js';
import { isMounted, mountMemory, unmount } from './memory-mount.js';

export interface FilePodVolumesOptions {
  /** `<home>/agent/<node>` */
  readonly folder: string;
  /** A folder that lives in memory, for secrets, tokens and memory volumes. */
  readonly memoryFolder: string;
}

/**
 * Volumes as folders on the node: `<folder>/pods/<uid>/volumes/<name>`. Secrets, tokens and memory volumes are under the
 * memory folder instead, so that no clear text of a Secret is ever on a disk.
 */
export class FilePodVolumes implements PodVolumes {
  constructor(private readonly options: FilePodVolumesOptions) {}

  put(podUid: string, volume: VolumePlan): Promise<string> {
    switch (volume.is) {
      case 'files':
        return this.putFiles(podUid, volume);
      case 'empty':
        return this.putEmpty(podUid, volume);
      case 'host':
        return putHost(volume);
    }
  }

  private async putFiles(podUid: string, volume: FilesVolume): Promise<string> {
    const root = volume.secret ? this.memory(podUid) : this.pod(podUid);
    const path = join(root, 'volumes', safe(volume.name));
    await makeFolder(root, 0o750);
    await swapFiles(path, volume);
    return path;
  }
  private async putEmpty(podUid: string, volume: EmptyVolume): Promise<string> {
    const memory = volume.medium === 'Memory';
    const path = join(memory ? this.memory(podUid) : this.pod(podUid), 'volumes', safe(volume.name));
    const made = await mkdir(path, { recursive: true });
    const group = volume.ownerGroup;
    if (memory && !(await isMounted(path))) await mountMemory(path, volume.sizeBytes);
    if (made === undefined && !memory) return path;
    const mode = (memory ? 0o1777 : 0o777) | (group === undefined ? 0 : 0o2000);
    if (group !== undefined) await chown(path, 0, group);
    await chmod(path, mode);
    return path;
  }

  async subPath(_podUid: string, _volume: string, volumePath: string, subPath: string): Promise<string> {
    const base = await realpath(volumePath);
    const parts = subPath.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.includes('..')) throw new Error(`${subPath} leads out of the volume`);
    let path = volumePath;
    for (const part of parts) {
      const next = join(path, part);
      const found = await realpath(next).catch(() => undefined);
      if (found === undefined) {
        const mode = (await stat(path)).mode & 0o7777;
        await mkdir(next);
        await chmod(next, mode);
        path = next;
        continue;
      }
      const inside = relative(base, found);
      if (inside === '..' || inside.startsWith(`..${sep}`)) throw new Error(`${subPath} leads out of the volume`);
      path = found;
    }
    return path;
  }

  async putFile(podUid: string, name: string, text: string, mode: number): Promise<string> {
    const path = join(this.pod(podUid), name);
    await mkdir(dirname(path), { recursive: true });
    // In place: a container that has the file mounted keeps seeing it.
    await writeFile(path, text);
    await chmod(path, mode);
    return path;
  }
  async readFile(podUid: string, name: string, bytesMax: number): Promise<string> {
    const path = join(this.pod(podUid), name);
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
    if (!file) return '';
    try {
      const buffer = Buffer.alloc(bytesMax);
      const { bytesRead } = await file.read(buffer, 0, bytesMax, 0);
      return buffer.subarray(0, bytesRead).toString('utf8');
    } finally {
      await file.close();
    }
  }

  async usedBytes(podUid: string, volume: string): Promise<number> {
    const root = join(this.pod(podUid), 'volumes', safe(volume));
    let bytes = 0;
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])) {
      if (!entry.isFile()) continue;
      const shown = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
      bytes += (shown?.blocks ?? 0) * 512;
    }
    return bytes;
  }

  async removePod(podUid: string): Promise<void> {
    const memory = this.memory(podUid);
    for (const name of await readdir(join(memory, 'volumes')).catch(() => [])) {
      const path = join(memory, 'volumes', name);
      if (await isMounted(path)) await unmount(path);
    }
    await rm(memory, { recursive: true, force: true });
    await rm(this.pod(podUid), { recursive: true, force: true });
  }
  async pods(): Promise<readonly string[]> {
    const folders = [join(this.options.folder, 'pods'), join(this.options.memoryFolder, 'pods')];
    const found = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])));
    return [...new Set(found.flat())];
  }

  async loadState(): Promise<string | undefined> {
    try {
      return await readFile(join(this.options.folder, 'state.json'), 'utf8');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }
  async saveState(text: string): Promise<void> {
    await makeFolder(this.options.folder, 0o750);
    const path = join(this.options.folder, 'state.json');
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  private pod(uid: string): string {
    return join(this.options.folder, 'pods', safe(uid));
  }
  private memory(uid: string): string {
    return join(this.options.memoryFolder, 'pods', safe(uid));
  }
}

/** Names come from the API, which has checked them; a path must still never come out of one. */
function safe(name: string): string {
  if (name === '' || name === '.' || name === '..' || name.includes('/')) throw new Error(`"${name}" is no name`);
  return name;
}
async function makeFolder(path: string, mode: number): Promise<void> {
  if ((await mkdir(path, { recursive: true })) !== undefined) await chmod(path, mode);
}

async function putHost(volume: HostVolume): Promise<string> {
  const { path, type } = volume;
  const found = await stat(path).catch(() => undefined);
  if (type === 'DirectoryOrCreate' && !found) await mkdir(path, { recursive: true, mode: 0o755 });
  if (type === 'FileOrCreate' && !found) await (await open(path, 'a', 0o644)).close();
  if (type === '' && !found) await mkdir(path, { recursive: true, mode: 0o755 });
  const now = await stat(path).catch(() => undefined);
  const wrong = (what: string): Error => new Error(`hostPath type check failed: ${path} is not ${what}`);
  if (type.startsWith('Directory') && !now?.isDirectory()) throw wrong('a directory');
  if (type.startsWith('File') && !now?.isFile()) throw wrong('a file');
  if (type === 'Socket' && !now?.isSocket()) throw wrong('a socket file');
  if (type === 'CharDevice' && !now?.isCharacterDevice()) throw wrong('a character device');
  if (type === 'BlockDevice' && !now?.isBlockDevice()) throw wrong('a block device');
  return path;
}
