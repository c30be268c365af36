import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const TERM_MS = 2_000;

/**
 * Stops the process that a file names, left behind by a parent that was killed, and removes the file. A pid is used again
 * by the kernel: only a process with `mark` in its command line is the one.
 */
export async function stopProcessOf(pidFile: string, mark: string): Promise<void> {
  const pid = numberIn(pidFile);
  if (pid !== undefined && commandLine(pid).includes(mark)) await stopProcess(pid);
  rmSync(pidFile, { force: true });
}

/** The number that a file holds. */
export function numberIn(path: string): number | undefined {
  const value = Number.parseInt(textOf(path), 10);
  return Number.isInteger(value) && value > 0 ? value : undefined;
}

async function stopProcess(pid: number): Promise<void> {
  signal(pid, 'SIGTERM');
  const end = performance.now() + TERM_MS;
  while (signal(pid, 0)) {
    if (performance.now() > end) signal(pid, 'SIGKILL');
    await sleep(20);
  }
}

/** False when there is no such process any more. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return !isZombie(pid);
  } catch {
    return false;
  }
}

function isZombie(pid: number): boolean {
  return /^\d+ \(.*\) Z/s.test(textOf(`/proc/${pid}/stat`));
}

function commandLine(pid: number): string {
  return textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
