import { join } from 'node:path';
import { mkdtemp } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { freePort, startCluster } from '../cluster.mjs';
import { removeCluster } from '../remove.mjs';
import { median } from './median.mjs';
import { append, eventsOf } from './pod-life.mjs';

/** Of eighty pods one is there still: 1,000,000 events. */
const LOG = { count: 83_800, living: 1000 };
const RUNS = 3;

/** The figures that this module gives. */
export const names = ['start.seconds_1m_events'];
export const runs = 1;

/** Seconds from the start of the program to an API that answers, over a log of a million events that it has read before. */
export async function run() {
  const home = await mkdtemp(join(tmpdir(), 'shiplog-bench-'));
  const options = { apps: 'api', home, port: await freePort() };
  const stopped = async () => (await startCluster(options)).stop({ keep: true });
  try {
    await stopped();
    const { SqliteEventLog } = await import('#adapters');
    const log = await SqliteEventLog.open(join(home, 'log', 'events.db'));
    await append(log, LOG);
    await log.close();
    // Reads all of it, and leaves a checkpoint.
    await stopped();
    const seconds = [];
    for (let n = 0; n < RUNS; n++) {
      const began = performance.now();
      const cluster = await startCluster(options);
      seconds.push((performance.now() - began) / 1000);
      await cluster.stop({ keep: true });
    }
    return { 'start.seconds_1m_events': { ...median(seconds, 's', 2), events: eventsOf(LOG) } };
  } finally {
    await removeCluster(home);
    rmSync(home, { recursive: true, force: true });
  }
}
