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

/** Each append begins a stream, as a create does. */
async function append(log, writers, seconds, phase) {
  const started = performance.now();
  const until = started + seconds * 1000;
  let appended = 0;
  const writer = async (number) => {
    for (let n = 0; performance.now() < until; n++) {
      const name = `${phase}-${number}-${n}`;
      await log.append(`core.configmaps/default/${name}`, eventOf(name), -1);
      appended++;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, number) => writer(number)));
  return appended / ((performance.now() - started) / 1000);
}

/** As large as the creation of a small ConfigMap by kubectl: some 1,300 bytes. */
function eventOf(name) {
  const time = '2026-01-01T00:00:00Z';
  return {
    id: `creation-of-${name}`,
    type: 'Created',
    time: '2026-01-01T00:00:00.000Z',
    data: {
      object: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          ...{ name, namespace: 'default', uid: '0c2f6d8e-9a54-4b86-9d53-3f0d5f2b7c11', creationTimestamp: time },
          managedFields: [
            {
              ...{ manager: 'kubectl-create', operation: 'Update', apiVersion: 'v1', time, fieldsType: 'FieldsV1' },
              fieldsV1: { 'f:data': { '.': {}, 'f:key': {} } },
            },
          ],
        },
        data: { key: 'x'.repeat(200) },
      },
    },
    metadata: {
      epoch: 1,
      actor: 'kubernetes-admin',
      user: { groups: ['system:masters', 'system:authenticated'] },
      via: 'kubectl/v1.35.2 (linux/amd64) kubernetes/fdc9d74',
      fieldManager: 'kubectl-create',
      request: {
        auditId: 'b7a1c7d2-7a5c-4f0f-9a57-0d6a4a3f5f10',
        verb: 'POST',
        path: '/api/v1/namespaces/default/configmaps',
        source: '127.0.0.1',
      },
      correlationId: 'b7a1c7d2-7a5c-4f0f-9a57-0d6a4a3f5f10',
      schemaVersion: 1,
    },
  };
}
