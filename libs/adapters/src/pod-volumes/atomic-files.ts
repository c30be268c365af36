import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import type { FilesVolume, VolumeFile } from '#ports';

const DATA = '..data';

/**
 * Writes all files of a volume at once: into a new folder, to which the link `..data` is then turned. Visible names are
 * links through `..data`, so readers see all old files or all new ones. The same content again changes nothing.
 */
export async function swapFiles(folder: string, volume: FilesVolume): Promise<void> {
  if ((await mkdir(folder, { recursive: true })) !== undefined)
    await chmod(folder, volume.ownerGroup === undefined ? 0o777 : 0o2777);
  const files = volume.files.map((file) => ({ ...file, path: inside(file.path) }));
  const current = await readlink(join(folder, DATA)).catch(() => undefined);
  if (current !== undefined && (await isSame(join(folder, current), files))) return;
  const fresh = await freshFolder(folder);
  for (const file of files) await writeOne(join(folder, fresh), file, volume.ownerGroup);
  const link = join(folder, '..data_tmp');
  await rm(link, { force: true });
  await symlink(fresh, link);
  await rename(link, join(folder, DATA));
  await showNames(folder, files);
  if (current !== undefined && current !== fresh) await rm(join(folder, current), { recursive: true, force: true });
}

function inside(path: string): string {
  const clean = normalize(path);
  if (clean.startsWith('/') || clean === '..' || clean.startsWith('../'))
    throw new Error(`${path} leads out of the volume`);
  return clean;
}
async function freshFolder(folder: string): Promise<string> {
  for (let n = 1; ; n++) {
    const name = `..v${n}`;
    try {
      await mkdir(join(folder, name), { mode: 0o755 });
      await chmod(join(folder, name), 0o755);
      return name;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
async function writeOne(root: string, file: VolumeFile, group: number | undefined): Promise<void> {
  const path = join(root, file.path);
  await openFolders(root, dirname(file.path));
  await writeFile(path, file.bytes, { mode: 0o600, flag: 'w' });
  const owned = file.ownerUser !== undefined || group !== undefined;
  if (owned) await chown(path, file.ownerUser ?? 0, group ?? 0);
  // A group that owns the files may read what their owner may read.
  await chmod(path, group === undefined ? file.mode : file.mode | ((file.mode & 0o400) >> 3));
}
/** Folders in the volume that every user of its containers may enter, whatever this process's umask is. */
async function openFolders(root: string, folder: string): Promise<void> {
  let path = root;
  for (const name of folder.split('/').filter((part) => part !== '.')) {
    path = join(path, name);
    if ((await mkdir(path, { recursive: true })) !== undefined) await chmod(path, 0o755);
  }
}
async function isSame(root: string, files: readonly VolumeFile[]): Promise<boolean> {
  const names = (await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])).filter((entry) =>
    entry.isFile(),
  );
  if (names.length !== files.length) return false;
  for (const file of files) {
    const old = await readFile(join(root, file.path)).catch(() => undefined);
    if (!old || Buffer.compare(old, Buffer.from(file.bytes)) !== 0) return false;
  }
  return true;
}
/** One link for each first part of the paths; links to what is no longer there go. */
async function showNames(folder: string, files: readonly VolumeFile[]): Promise<void> {
  const wanted = new Set(files.map((file) => file.path.split('/')[0] ?? file.path));
  for (const name of await readdir(folder))
    if (!name.startsWith('..') && !wanted.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  for (const name of wanted) {
    const there = await lstat(join(folder, name)).catch(() => undefined);
    if (!there) await symlink(join(DATA, name), join(folder, name));
  }
}
