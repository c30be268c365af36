import { execFile, spawn } from 'node:child_process';
import { readFile, realpath, stat, type FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { plainEnvironment } from '../environment.js';
import { hasCode } from '../error-code.js';

const execute = promisify(execFile);
const run = (program: string, args: readonly string[]): Promise<unknown> =>
  execute(program, args, { env: plainEnvironment(process.env) });

/** Mounts a memory file system of its own, so that it has a size. False where the agent may not mount. */
export async function mountMemory(path: string, sizeBytes: number | undefined): Promise<boolean> {
  const options = ['mode=1777', ...(sizeBytes ? [`size=${Math.ceil(sizeBytes / 1024)}k`] : [])].join(',');
  return run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).then(
    () => true,
    () => false,
  );
}

/**
 * Mounts an open file or folder at `target`. The kernel takes the handle, not a path that could lead elsewhere by now; what
 * is there afterwards is compared with the handle all the same.
 */
export async function bindMount(source: FileHandle, target: string): Promise<void> {
  await mountHandle(source, target);
  if (await isSameFile(source, target)) return;
  await unmountBeneath(target);
  throw new Error(`${target} shows something else than what was mounted there`);
}
export async function isSameFile(source: FileHandle, target: string): Promise<boolean> {
  const [wanted, shown] = [await source.stat(), await stat(target).catch(() => undefined)];
  return shown !== undefined && wanted.dev === shown.dev && wanted.ino === shown.ino;
}

export async function isMounted(path: string): Promise<boolean> {
  const real = await realPathOf(path);
  return real !== undefined && (await mountPoints()).includes(real);
}

/**
 * Takes away all mounts at and beneath a path, the innermost first. Rejects when one is left: whoever removed the folder
 * then would remove what is mounted there.
 */
export async function unmountBeneath(path: string): Promise<void> {
  const real = await realPathOf(path);
  if (real === undefined) return;
  const here = async (): Promise<readonly string[]> =>
    (await mountPoints()).filter((point) => isBeneath(point, real)).sort((a, b) => b.length - a.length);
  for (const point of await here()) await run('umount', ['--lazy', '--no-canonicalize', point]).catch(() => undefined);
  const [left] = await here();
  if (left !== undefined) throw new Error(`${left} is still mounted`);
}

/** The kernel knows mounts by paths without links, and the data folder may be behind one. Undefined when there is nothing. */
async function realPathOf(path: string): Promise<string | undefined> {
  return realpath(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
}

/** Where something is mounted, by the fifth field of each line. */
async function mountPoints(): Promise<readonly string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => unescaped(line.split(' ')[4] ?? ''));
}
/** Blanks and the like are written as octal numbers. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}
function isBeneath(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

function mountHandle(source: FileHandle, target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // The handle is number 3 there. Without this option mount(8) would turn it into a path first.
    const child = spawn('mount', ['--no-canonicalize', '--bind', '/proc/self/fd/3', target], {
      stdio: ['ignore', 'ignore', 'pipe', source.fd],
      env: plainEnvironment(process.env),
    });
    let problem = '';
    child.stderr?.on('data', (chunk: Buffer) => (problem = `${problem}${chunk.toString()}`.slice(0, 1000)));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(problem.trim() || `mount ended with ${code}`)),
    );
  });
}
