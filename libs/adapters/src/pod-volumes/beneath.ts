import { constants } from 'node:fs';
import { chmod, mkdir, open, readlink, type FileHandle } from 'node:fs/promises';
import { hasCode } from '../error-code.js';

/** Linux: a handle that only names the file; opening a device or a pipe so has no effect. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = constants;
const LINKS_MAX = 40;

/**
 * Opens (with O_PATH) what `subPath` names beneath `root`, and makes folders that are missing with the mode of the one they
 * are in. The path is walked one name at a time, each opened relative to the handle of its folder and without following
 * links: links are read and walked in the same way. So the result lies beneath `root` even when somebody swaps names for
 * links at the same time. The caller closes the handle.
 */
export async function openBeneath(root: string, subPath: string): Promise<FileHandle> {
  const leadsOut = (): Error => new Error(`${subPath} leads out of the volume`);
  const names = subPath.split('/');
  if (names.includes('..')) throw leadsOut();
  const left = names.reverse();
  const opened: FileHandle[] = [await open(root, O_PATH | O_DIRECTORY)];
  let links = 0;
  try {
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      const folder = opened.at(-1);
      if (folder === undefined || name === '' || name === '.') continue;
      if (name === '..') {
        if (opened.length === 1) throw leadsOut();
        opened.pop();
        await folder.close();
        continue;
      }
      const next = await openOrMake(folder, name);
      opened.push(next);
      if (!(await next.stat()).isSymbolicLink()) continue;
      opened.pop();
      await next.close();
      if (++links > LINKS_MAX) throw new Error(`${subPath} has too many links`);
      const target = await readlink(within(folder, name));
      if (target.startsWith('/')) throw leadsOut();
      left.push(...target.split('/').reverse());
    }
    return opened.pop() as FileHandle;
  } finally {
    await Promise.all(opened.map((handle) => handle.close()));
  }
}

/** The path of an open file. Only of use where nobody else can move files. */
export function pathOf(handle: FileHandle): Promise<string> {
  return readlink(`/proc/self/fd/${handle.fd}`);
}

async function openOrMake(folder: FileHandle, name: string): Promise<FileHandle> {
  const path = within(folder, name);
  try {
    return await open(path, O_PATH | O_NOFOLLOW);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  const { mode } = await folder.stat();
  try {
    await mkdir(path);
  } catch (error) {
    // Somebody else was faster; what it is, is looked at below.
    if (hasCode(error, 'EEXIST')) return open(path, O_PATH | O_NOFOLLOW);
    throw error;
  }
  const made = await open(path, O_PATH | O_NOFOLLOW);
  if ((await made.stat()).isDirectory()) await chmod(`/proc/self/fd/${made.fd}`, mode & 0o7777);
  return made;
}

function within(folder: FileHandle, name: string): string {
  return `/proc/self/fd/${folder.fd}/${name}`;
}
