import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from './median.mjs';
import { openPlane } from './plane.mjs';

/** A log of the first length, and ones three and ten times as long over a cluster that is as large. */
const LENGTHS = { '100k': 100_000, '300k': 300_000, '1m': 1_000_000 };
/** Pods that live all the time and report; of each hundred events, ten are pods that come and go. */
const LIVING = 1000;
const APPENDS_AT_ONCE = 2000;
/** From one event to the next: what went is forgotten after a day. */
const STEP_MS = 10_000;
const MB = 1024 * 1024;
const RUNS = 3;

export const runs = 1;
const phases = ['rebuild', 'restore'];
const measures = { memory_mb: 'MB', heap_mb: 'MB', seconds: 's' };
/** The figures that this module gives. */
export const names = Object.keys(LENGTHS).flatMap((length) => [
  `growth.checkpoint_mb_${length}`,
  ...phases.flatMap((phase) => Object.keys(measures).map((measure) => `growth.${phase}_${measure}_${length}`)),
]);

/**
 * What a start costs, once without any checkpoint and once from the one that the first has written: memory at its highest,
 * heap once garbage is collected, time; and the size of the checkpoint. All but the time of a rebuild are to be flat.
 */
export async function run() {
  const figures = {};
  for (const [name, length] of Object.entries(LENGTHS)) {
    const folder = await mkdtemp(join(tmpdir(), 'shiplog-bench-'));
    try {
      await fill(join(folder, 'events.db'), length);
      const measured = { rebuild: [], restore: [] };
      for (let n = 0; n < RUNS; n++) {
        await rm(join(folder, 'checkpoints'), { recursive: true, force: true });
        for (const phase of phases) measured[phase].push(await started(folder));
      }
      for (const phase of phases)
        for (const [measure, unit] of Object.entries(measures))
          figures[`growth.${phase}_${measure}_${name}`] = median(
            measured[phase].map((one) => one[measure]),
            unit,
            2,
          );
      figures[`growth.checkpoint_mb_${name}`] = {
        value: rounded(await newestSize(join(folder, 'checkpoints'))),
        unit: 'MB',
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return figures;
}

async function started(folder) {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', fileURLToPath(import.meta.url), folder],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)), env: { ...process.env, SHIPLOG_GROWTH: '1' } },
  );
  return JSON.parse(stdout);
}

const rounded = (value) => Math.round(value * 100) / 100;

async function newestSize(folder) {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const newest = files.sort((a, b) => parseInt(b) - parseInt(a))[0];
  return (await stat(join(folder, newest))).size / MB;
}

/** Starts one process' view of the log and says what that took. */
async function start(folder) {
  const { FileCheckpointStore } = await import('#adapters');
  const { log, plane } = await openPlane(folder, {
    checkpoints: new FileCheckpointStore(join(folder, 'checkpoints')),
    onComplaint: (message) => process.stderr.write(`${message}\n`),
  });
  const started = performance.now();
  await plane.start();
  const seconds = (performance.now() - started) / 1000;
  const memory_mb = process.resourceUsage().maxRSS / 1024;
  await plane.reads.checkpoint();
  globalThis.gc();
  const heap_mb = process.memoryUsage().heapUsed / MB;
  await plane.stop();
  await log.close();
  return { seconds, memory_mb, heap_mb };
}

async function fill(path, length) {
  const { SqliteEventLog } = await import('#adapters');
  const log = await SqliteEventLog.open(path);
  let pending = [
    log.append('shiplog.writers/_/writer', eventOf(0, 'WriterElected', { epoch: 1, cluster: 'bench' }), -1),
  ];
  const revisions = new Map();
  for (let index = 1; index < length; index++) {
    const isPassing = index > LIVING && index % 10 < 1;
    const name = isPassing ? `passing-${Math.floor(index / 20)}` : `living-${index % LIVING}`;
    const stream = `core.pods/default/${name}`;
    const revision = revisions.get(stream) ?? -1;
    if (isPassing && revision === 0) revisions.delete(stream);
    else revisions.set(stream, revision + 1);
    const uid = `uid-of-${name}`;
    const event =
      revision < 0
        ? eventOf(index, 'Created', { object: podOf(name, uid) })
        : isPassing
          ? eventOf(index, 'Deleted', { uid })
          : eventOf(index, 'StatusReported', { uid, set: [[['status', 'message'], `report ${index}`]] });
    pending.push(log.append(stream, event, revision));
    if (pending.length < APPENDS_AT_ONCE) continue;
    await Promise.all(pending);
    pending = [];
  }
  await Promise.all(pending);
  await log.close();
}

function podOf(name, uid) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid, labels: { app: 'bench' }, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      nodeName: 'node-1',
      containers: [{ name: 'a', image: 'i:1', env: [{ name: 'A', value: 'x'.repeat(500) }] }],
    },
    status: { phase: 'Running' },
  };
}

function eventOf(index, type, data) {
  return {
    id: `00000000-0000-5000-8000-${String(index).padStart(12, '0')}`,
    type,
    time: new Date(Date.UTC(2026, 0, 1) + index * STEP_MS).toISOString(),
    data,
    metadata: { epoch: 1, actor: 'bench', via: 'bench', correlationId: `${index}`, schemaVersion: 1 },
  };
}

if (process.env.SHIPLOG_GROWTH) process.stdout.write(JSON.stringify(await start(process.argv[2])));
