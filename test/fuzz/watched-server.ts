import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FuzzClient } from './client.js';

/** Milliseconds of processor time that all threads of a process have spent, to the microsecond. */
export function threadsMs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  const sum = readdirSync(tasks).reduce((all, thread) => all + spentMs(`${tasks}/${thread}/schedstat`), 0);
  if (sum === 0)
    throw new Error('this kernel does not say in /proc/<pid>/task/<thread>/schedstat what a thread has spent');
  return sum;
}
/** Zero for a thread that has ended meanwhile. */
function spentMs(schedstat: string): number {
  try {
    return Number(readFileSync(schedstat, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return 0;
  }
}

/**
 * The same once the threads rest: what a thread has spent since it last slept is in the kernel's figures only when it sleeps again or
 * the clock ticks, so of a thread that still works right after it has answered, all of the answer may be missing.
 */
export async function settledThreadsMs(pid: number): Promise<number> {
  let sum = threadsMs(pid);
  for (let i = 0; i < SETTLE_TRIES; i++) {
    await sleep(SETTLE_MS);
    const now = threadsMs(pid);
    if (now === sum) break;
    sum = now;
  }
  return sum;
}
const SETTLE_MS = 5;
const SETTLE_TRIES = 40;

/**
 * Milliseconds that the thread which answers was ready to run and had no processor, because other processes had them. What
 * passes of an answer's time meanwhile is the machine's, not the server's. Zero where the kernel does not tell.
 */
export function heldUpMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1] ?? 0) / 1e6;
  } catch {
    return 0;
  }
}

/** Bytes in use by objects, as the server's metrics say. */
export async function heapBytes(client: FuzzClient): Promise<number> {
  const { text } = await client.get('/metrics');
  return Number(/^nodejs_heap_used_bytes (\S+)$/m.exec(text)?.[1] ?? NaN);
}

/** Samples of memory over a run. */
export class MemoryWatch {
  private readonly samples: number[] = [];

  add(bytes: number): void {
    if (Number.isFinite(bytes)) this.samples.push(bytes);
  }

  /**
   * What is wrong with the memory, if anything is. The least sample of a quarter of the run is what was left after a
   * garbage collection; the first quarter fills caches and windows. Growth by half and by 64 MiB is no leak yet.
   */
  problem(): string | undefined {
    const quarter = Math.floor(this.samples.length / 4);
    if (quarter < 2) return undefined;
    const least = (from: number): number => Math.min(...this.samples.slice(from, from + quarter));
    const [early, late] = [least(quarter), least(this.samples.length - quarter)];
    if (late <= early * 1.5 + 64 * 1024 * 1024) return undefined;
    return `the heap grew from ${mebibytes(early)} to ${mebibytes(late)}`;
  }
  get text(): string {
    return this.samples.length === 0 ? '' : `heap ${mebibytes(Math.min(...this.samples.slice(-3)))} at the end`;
  }
}
const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;
