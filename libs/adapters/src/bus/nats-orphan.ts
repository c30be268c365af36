import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const TERM_MS = 2_000;

/** Stops a nats-server that runs on this folder's configuration although the process that started it is gone. */
export async function stopOrphan(folder: string): Promise<void> {
  const pid = numberIn(join(folder, 'pid'));
  // A pid is used again by the kernel: only a process with our configuration in its command line is ours.
  if (pid !== undefined && commandLine(pid).includes(join(folder, 'server.conf'))) {
    await stopProcess(pid);
  }
  rmSync(join(folder, 'pid'), { force: true });
}

/** The port that the last server of this folder had. */
export function portOf(folder: string): number | undefined {
  return numberIn(join(folder, 'port'));
}

async function stopProcess(pid: number): Promise<void> {
  signal(pid, 'SIGTERM');
  const end = Date.now() + TERM_MS;
  while (signal(pid, 0)) {
    if (Date.now() > end) signal(pid, 'SIGKILL');
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

function numberIn(path: string): number | undefined {
  const value = Number.parseInt(textOf(path), 10);
  return Number.isInteger(value) && value > 0 ? value : undefined;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
