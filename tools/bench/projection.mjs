import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from './median.mjs';
import { openPlane } from './plane.mjs';
import { eventsOf, fillWithLives } from './pod-life.mjs';

/** Of ten pods nine have come and gone: 114,000 events. */
const LOG = { count: 10_000, living: 1000 };
const LIVING = { count: 150_000, living: 150_000 };
const RUNS = 3;

/** The figures that this module gives. */
export const names = ['projection.rebuild_events_per_s', 'projection.heap_bytes_per_pod'];
/** It takes its medians itself: filling a log takes longer than reading it. */
export const runs = 1;

export async function run() {
  return {
    'projection.rebuild_events_per_s': await inFolder(LOG, rebuild),
    'projection.heap_bytes_per_pod': await inFolder(LIVING, heap),
  };
}

async function inFolder(lives, measure) {
  const folder = await mkdtemp(join(tmpdir(), 'shiplog-bench-'));
  try {
    const { SqliteEventLog } = await import('#adapters');
    const log = await SqliteEventLog.open(join(folder, 'events.db'));
    await fillWithLives(log, lives);
    await log.close();
    return await measure(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Events a second that a start without any checkpoint reads and folds: pods that are made, run, and go. */
async function rebuild(folder) {
  const rates = [];
  for (let round = 0; round < RUNS; round++) {
    const { log, plane } = await openPlane(folder);
    const started = performance.now();
    await plane.start();
    rates.push((1000 * eventsOf(LOG)) / (performance.now() - started));
    await plane.stop();
    await log.close();
  }
  return median(rates, '1/s');
}

/** Bytes on the heap for each of 150,000 running pods, in a process that holds the cluster and nothing else. */
async function heap(folder) {
  const sizes = [];
  for (let round = 0; round < RUNS; round++) {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--expose-gc', fileURLToPath(import.meta.url), folder],
      { cwd: fileURLToPath(new URL('../..', import.meta.url)), env: { ...process.env, SHIPLOG_HEAP: '1' } },
    );
    sizes.push(Number(stdout) / LIVING.count);
  }
  return median(sizes, 'B');
}

async function heapOf(folder) {
  const { log, plane } = await openPlane(folder);
  const used = () => {
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  await plane.start();
  // What the rebuild itself took goes with its last turns.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const after = used();
  await plane.stop();
  await log.close();
  return after - before;
}

if (process.env.SHIPLOG_HEAP) process.stdout.write(String(await heapOf(process.argv[2])));
