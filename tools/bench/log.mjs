import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SECONDS = 2;
const WARM_UP_SECONDS = 0.5;
const ESDB_WRITERS = 64;
const ESDB_ROUNDS = 5;

/** The figures that this module gives. */
export const names = [
  'log.appends_1_writer_per_s',
  'log.appends_64_writers_per_s',
  'log.appends_512_writers_per_s',
  'log.esdb_main_thread_us_per_event',
];

export async function run() {
  return { ...(await embedded()), ...(await eventStore()) };
}

/** Durable appends a second through the port, on the embedded log, with so many writers that each wait for their own. */
async function embedded() {
  const { SqliteEventLog } = await import('#adapters');
  const folder = await mkdtemp(join(tmpdir(), 'shiplog-bench-'));
  const figures = {};
  try {
    for (const writers of [1, 64, 512]) {
      const log = await SqliteEventLog.open(join(folder, `${writers}.db`));
      await append(log, writers, WARM_UP_SECONDS, 'warm');
      const perSecond = await append(log, writers, SECONDS, 'run');
      await log.close();
      figures[`log.appends_${writers}_writer${writers === 1 ? '' : 's'}_per_s`] = {
        value: Math.round(perSecond),
        unit: '1/s',
      };
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return figures;
}

/**
 * CPU time of the main thread for an append to the event store and its delivery to a subscriber: the stand-in is a process
 * of its own, the client a thread of its own.
 */
async function eventStore() {
  const { openEventLog } = await import('#adapters');
  const program = new URL('../../dist/test/support/esdb/main.js', import.meta.url).pathname;
  const server = spawn(process.execPath, [program, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(server.stdout, 'data');
    const port = /:(\d+)\n/.exec(String(line))[1];
    const log = await openEventLog(`esdb://127.0.0.1:${port}?tls=false`, { cluster: 'bench' });
    let delivered = 0;
    log.subscribe(0, (events) => (delivered += events.length));
    await append(log, ESDB_WRITERS, 2 * WARM_UP_SECONDS, 'warm');
    const rounds = [];
    for (let round = 0; round < ESDB_ROUNDS; round++) {
      const before = delivered;
      const started = process.threadCpuUsage();
      await append(log, ESDB_WRITERS, SECONDS / 2, `run-${round}`);
      const { user, system } = process.threadCpuUsage(started);
      rounds.push((user + system) / (delivered - before));
    }
    await log.close();
    const [median] = rounds.sort((a, b) => a - b).slice(ESDB_ROUNDS >> 1);
    return { 'log.esdb_main_thread_us_per_event': { value: Math.round(median * 10) / 10, unit: 'us' } };
  } finally {
    server.kill('SIGKILL');
  }
}

async function append(log, writers, seconds, phase) {
  const started = performance.now();
  const until = started + seconds * 1000;
  let appended = 0;
  const writer = async (number) => {
    const stream = `core.configmaps/default/${phase}-${number}`;
    for (let revision = -1; performance.now() < until; revision++) {
      await log.append(stream, eventOf(stream, revision), revision);
      appended++;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, number) => writer(number)));
  return appended / ((performance.now() - started) / 1000);
}

/** As large as a status report of a pod: some 700 bytes. */
function eventOf(stream, revision) {
  return {
    id: `${stream}#${revision}`,
    type: 'StatusReported',
    time: '2026-01-01T00:00:00.000Z',
    data: {
      uid: '0c2f6d8e-9a54-4b86-9d53-3f0d5f2b7c11',
      set: [
        [['status', 'phase'], 'Running'],
        [['status', 'podIP'], '10.244.0.17'],
        [['status', 'conditions', 0], { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
        [['metadata', 'managedFields', 1, 'time'], '2026-01-01T00:00:00Z'],
      ],
      unset: [['status', 'message']],
    },
    metadata: {
      epoch: 1,
      actor: 'system:node:node-1',
      via: 'agent',
      correlationId: 'b7a1c7d2-7a5c-4f0f-9a57-0d6a4a3f5f10',
      schemaVersion: 1,
      causes: [revision + 1],
      because: 'the runtime reported another state of a container',
    },
  };
}
