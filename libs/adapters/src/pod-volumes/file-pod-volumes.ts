import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, chown, lstat, mkdir, open, readdir, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmptyVolume, FilesVolume, HostVolume, PodVolumes, VolumePlan } from '#ports';
import { hasCode } from '../error-code.js';
import {
  privateFolder,
  privateFolders,
  privateFolderWithParents,
  readPrivateFile,
  writePrivateFile,
} from '../private-files.js';
import { swapFiles } from './atomic-files.js';
import { openBeneath, pathOf } from './beneath.js';
import { mountProblem, type EngineSees } from './engine-view.js';
import { bindMount, isMounted, isSameFile, mountMemory, unmountBeneath } from './mounts.js';

export interface FilePodVolumesOptions {
  /** `<home>/agent/<node>` */
  readonly folder: string;
  /** A folder that lives in memory, for secrets, tokens and memory volumes. */
  readonly memoryFolder: string;
  readonly engineSees: EngineSees;
}

/**
 * Volumes as folders on the node: `<folder>/pods/<uid>/volumes/<name>`. Secrets, tokens and memory volumes are under the
 * memory folder instead, so that no clear text of a Secret is ever on a disk.
 */
export class FilePodVolumes implements PodVolumes {
  /** Volumes that only this process writes: no pod can swap a name in them. */
  private readonly own = new Set<string>();
  /** Whether mounts reach containers; found out once. */
  private trial: Promise<string | undefined> | undefined;

  constructor(private readonly options: FilePodVolumesOptions) {}

  async put(podUid: string, volume: VolumePlan): Promise<string> {
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
    const base = volume.secret ? this.options.memoryFolder : this.options.folder;
    const path = join(podFolder(base, podUid, 'volumes'), safe(volume.name));
    await swapFiles(path, volume);
    this.own.add(path);
    return path;
  }
  async earlier(podUid: string, volume: string): Promise<string | undefined> {
    for (const base of [this.memory(podUid), this.pod(podUid)]) {
      const path = join(base, 'volumes', safe(volume));
      // Its files are whole once this link leads to them.
      const shown = await lstat(join(path, '..data')).catch(() => undefined);
      if (!shown?.isSymbolicLink()) continue;
      this.own.add(path);
      return path;
    }
    return undefined;
  }
  private async putEmpty(podUid: string, volume: EmptyVolume): Promise<string> {
    const memory = volume.medium === 'Memory';
    const base = memory ? this.options.memoryFolder : this.options.folder;
    const path = join(podFolder(base, podUid, 'volumes'), safe(volume.name));
    // Containers write to it, whatever was thought of it before.
    this.own.delete(path);
    const isThere = !(await made(path));
    const group = volume.ownerGroup;
    // Where the agent may not mount, the folder is used as it is: it is in memory already, but shares the memory folder's size.
    if (memory && !(await isMounted(path)) && (await this.mountProblem()) === undefined)
      await mountMemory(path, volume.sizeBytes);
    if (isThere && !memory) return path;
    const mode = (memory ? 0o1777 : 0o777) | (group === undefined ? 0 : 0o2000);
    if (group !== undefined) await chown(path, 0, group);
    await chmod(path, mode);
    return path;
  }

  async subPath(podUid: string, volume: string, volumePath: string, subPath: string): Promise<string> {
    const source = await openBeneath(volumePath, subPath);
    try {
      if (this.own.has(volumePath)) return await pathOf(source);
      return await this.mounted(podUid, source, `${volume}\n${subPath}`);
    } finally {
      await source.close();
    }
  }
  /**
   * Containers that have the volume may swap a name in it for a link after it was looked up here and before the engine looks
   * it up again. So what was opened is mounted in a folder of the agent's own, where nobody else can swap anything.
   */
  private async mounted(podUid: string, source: FileHandle, key: string): Promise<string> {
    const { folder } = this.options;
    const problem = await this.mountProblem();
    if (problem !== undefined) throw new Error(`a part of a volume that pods can write has to be mounted: ${problem}`);
    const name = createHash('sha256').update(key).digest('hex').slice(0, 32);
    const target = join(podFolder(folder, podUid, 'subpaths'), name);
    if ((await isMounted(target)) && (await isSameFile(source, target))) return target;
    await unmountBeneath(target);
    await rm(target, { force: true, recursive: true });
    if ((await source.stat()).isDirectory()) await mkdir(target, { mode: 0o700 });
    else await writeFile(target, '', { mode: 0o600, flag: 'wx' });
    await bindMount(source, target);
    return target;
  }
  private mountProblem(): Promise<string | undefined> {
    const { folder, engineSees } = this.options;
    this.trial ??= mountProblem(folder, engineSees).catch((error: unknown) => {
      this.trial = undefined;
      throw error;
    });
    return this.trial;
  }

  async putFile(podUid: string, name: string, text: string, mode: number): Promise<string> {
    const [file = '', ...folders] = name.split('/').map(safe).reverse();
    const path = join(podFolder(this.options.folder, podUid, ...folders.reverse()), file);
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

  emptyPath(podUid: string, volume: string, medium: string): string {
    const pod = medium === 'Memory' ? this.memory(podUid) : this.pod(podUid);
    return join(pod, 'volumes', safe(volume));
  }
  async usedBytes(podUid: string, volume: string): Promise<number> {
    const root = join(this.pod(podUid), 'volumes', safe(volume));
    let bytes = 0;
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])) {
      if (!entry.isFile()) continue;
      const shown = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined);
      bytes += (shown?.blocks ?? 0) * 512;
    }
    return bytes;
  }

  async removePod(podUid: string): Promise<void> {
    for (const path of [this.memory(podUid), this.pod(podUid)]) {
      // Never before nothing is mounted there: it would empty folders of the node that pods have mounted.
      await unmountBeneath(path);
      await rm(path, { recursive: true, force: true });
      for (const volume of this.own) if (volume.startsWith(`${path}/`)) this.own.delete(volume);
    }
  }
  async pods(): Promise<readonly string[]> {
    const folders = [join(this.options.folder, 'pods'), join(this.options.memoryFolder, 'pods')];
    const found = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])));
    return [...new Set(found.flat())];
  }

  loadState(): Promise<string | undefined> {
    return this.loadFile('state.json');
  }
  saveState(text: string): Promise<void> {
    return this.saveFile('state.json', text);
  }
  loadKnown(): Promise<string | undefined> {
    return this.loadFile('known.json');
  }
  saveKnown(text: string): Promise<void> {
    return this.saveFile('known.json', text);
  }

  private loadFile(name: string): Promise<string | undefined> {
    try {
      return Promise.resolve(readPrivateFile(join(this.options.folder, name)));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return Promise.resolve(undefined);
      return Promise.reject(error as Error);
    }
  }
  private saveFile(name: string, text: string): Promise<void> {
    privateFolder(this.options.folder);
    writePrivateFile(join(this.options.folder, name), text);
    return Promise.resolve();
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
/** `<base>/pods/<uid>/…`, all of it closed to other users: what pods see of it is mounted into their containers. */
function podFolder(base: string, uid: string, ...names: readonly string[]): string {
  privateFolderWithParents(base);
  return privateFolders(base, 'pods', safe(uid), ...names);
}
/** False when the folder was there. */
async function made(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function putHost(volume: HostVolume): Promise<string> {
  const { path, type } = volume;
  const found = await stat(path).catch(() => undefined);
  if (['DirectoryOrCreate', ''].includes(type) && !found) {
    await mkdir(path, { recursive: true });
    await chmod(path, 0o755);
  }
  if (type === 'FileOrCreate' && !found) {
    const file = await open(path, 'a');
    await file.chmod(0o644);
    await file.close();
  }
  const now = await stat(path).catch(() => undefined);
  const wrong = (what: string): Error => new Error(`hostPath type check failed: ${path} is not ${what}`);
  if (type.startsWith('Directory') && !now?.isDirectory()) throw wrong('a directory');
  if (type.startsWith('File') && !now?.isFile()) throw wrong('a file');
  if (type === 'Socket' && !now?.isSocket()) throw wrong('a socket file');
  if (type === 'CharDevice' && !now?.isCharacterDevice()) throw wrong('a character device');
  if (type === 'BlockDevice' && !now?.isBlockDevice()) throw wrong('a block device');
  return path;
}
