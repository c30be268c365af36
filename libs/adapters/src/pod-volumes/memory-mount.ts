import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A folder is a mount point when it is on another device than the one it is in. */
export async function isMounted(path: string): Promise<boolean> {
  const [own, parent] = await Promise.all([
    stat(path).catch(() => undefined),
    stat(dirname(path)).catch(() => undefined),
  ]);
  return own !== undefined && parent !== undefined && own.dev !== parent.dev;
}

/**
 * Mounts a memory file system of its own, so that it has a size. Where the agent may not mount, the folder is used as it is:
 * it lives in memory already, but shares the memory folder's size.
 */
export async function mountMemory(path: string, sizeBytes: number | undefined): Promise<void> {
  const options = ['mode=1777', ...(sizeBytes ? [`size=${Math.ceil(sizeBytes / 1024)}k`] : [])].join(',');
  await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).catch(() => undefined);
}
export async function unmount(path: string): Promise<void> {
  await run('umount', ['-l', path]);
}
