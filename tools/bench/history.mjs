import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPlane } from './plane.mjs';

/** Lengths of the log, in events, one after the other in the same log. */
const LENGTHS = { '10k': 10_000, '100k': 100_000, '1m': 1_000_000 };
const NAMESPACES = 20;
const LIVING_PER_NAMESPACE = 100;
/** So many of each are measured, so that the 99th percentile is not one of them. */
const QUESTIONS = 400;
const APPENDS_AT_ONCE = 2000;
const CHANGES = ['PodBound', 'StatusReported', 'StatusReported', 'StatusReported', 'DeletionRequested'];

/** The figures that this module gives. */
export const names = Object.keys(LENGTHS).flatMap((length) => [
  `history.get_p99_ms_${length}`,
  `history.list_p99_ms_${length}`,
]);

/**
 * How long a get of one pod and a list of the hundred pods of a namespace take at random positions of the past, through the
 * engine, the index's thread and its file. Each pod lives for seven events; as many live at a time in every log.
 */
export async function run() {
  const folder = await mkdtemp(join(tmpdir(), 'shiplog-bench-'));
  try {
    const { SqliteHistoryIndex } = await import('#adapters');
    const lives = podLives();
    const figures = {};
    let length = 0;
    for (const [name, events] of Object.entries(LENGTHS)) {
      const history = new SqliteHistoryIndex(join(folder, 'history.db'));
      const { log, plane } = await openPlane(folder, { history });
      await append(log, lives, events - length);
      length = events;
      await plane.start();
      const began = performance.now();
      await indexed(plane);
      const seconds = (performance.now() - began) / 1000;
      const { gets, lists } = await measure(plane);
      figures[`history.get_p99_ms_${name}`] = { value: percentile(gets, 0.99), unit: 'ms' };
      figures[`history.list_p99_ms_${name}`] = { value: percentile(lists, 0.99), unit: 'ms' };
      const { size } = await stat(join(folder, 'history.db'));
      process.stderr.write(
        `${name}: indexed in ${seconds.toFixed(1)} s, ${Math.round(size / 2 ** 20)} MB; get ${shown(gets)}, list ${shown(lists)}\n`,
      );
      await plane.stop();
      await history.close();
      await log.close();
    }
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function append(log, lives, count) {
  for (let left = count; left > 0; left -= APPENDS_AT_ONCE) {
    const group = Array.from({ length: Math.min(left, APPENDS_AT_ONCE) }, () => lives.next().value);
    await Promise.all(group.map(({ stream, event, expected }) => log.append(stream, event, expected)));
  }
}

/** Waits until the index has read the log. */
async function indexed(plane) {
  for (;;) {
    const then = await plane.history.at(plane.reads.projection.position);
    if (!then.refused) return;
  }
}

async function measure(plane) {
  const chance = random(7);
  const head = plane.reads.projection.position;
  const gets = [];
  const lists = [];
  while (lists.length < QUESTIONS) {
    // Before that fewer are living.
    const position = Math.floor(head * (0.4 + 0.6 * chance()));
    const namespace = `ns-${Math.floor(chance() * NAMESPACES)}`;
    const began = performance.now();
    const pods = [];
    const listed = await plane.history.at(position);
    await listed.gather({ kind: 'core.pods', namespace }, async ({ objects }) => pods.push(...objects) > 0);
    lists.push(performance.now() - began);
    if (pods.length < LIVING_PER_NAMESPACE / 2) throw new Error(`${pods.length} pods in ${namespace} at ${position}`);
    const { name } = pods[Math.floor(chance() * pods.length)].metadata;
    const begun = performance.now();
    const then = await plane.history.at(position);
    const pod = await then.look((view) => view.get({ id: 'core.pods' }, namespace, name));
    gets.push(performance.now() - begun);
    if (pod.metadata.name !== name) throw new Error(`${name} is not there at ${position}`);
  }
  return { gets, lists };
}

/** Events of pods without end: as many live at a time, and when one goes another one comes under a name of its own. */
function* podLives() {
  const living = [];
  let count = 0;
  for (let turn = 0; ; turn++) {
    if (living.length < NAMESPACES * LIVING_PER_NAMESPACE) {
      const pod = podOf(count++);
      living.push(pod);
      yield created(pod);
      continue;
    }
    // The one whose turn it is: all grow old alike.
    const at = turn % living.length;
    const pod = living[at];
    const type = CHANGES[pod.revision];
    if (type !== undefined) yield changed(pod, type);
    else {
      yield eventOf(pod, 'Deleted', { uid: pod.uid });
      living[at] = podOf(count++, pod.namespace);
      yield created(living[at]);
    }
  }
}

function podOf(n, namespace = `ns-${n % NAMESPACES}`) {
  return { namespace, name: `web-${n}`, uid: uuid(n), revision: -1 };
}
function created(pod) {
  const { namespace, name, uid } = pod;
  const labels = { app: 'web', 'pod-template-hash': uid.slice(-8) };
  const fields = { 'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } }, 'f:spec': { 'f:containers': {} } };
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...{ name, namespace, uid, generation: 1, creationTimestamp: '2026-11-30T13:00:00Z', labels },
      managedFields: [{ manager: 'kube-controller-manager', operation: 'Update', apiVersion: 'v1', fieldsV1: fields }],
    },
    spec: {
      containers: ['main', 'side'].map((container) => ({
        ...{ name: container, image: `registry.example.com/${container}:1.2.3`, imagePullPolicy: 'IfNotPresent' },
        env: Array.from({ length: 8 }, (_, i) => ({ name: `SETTING_${i}`, value: `value ${i} of ${name}` })),
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      })),
      ...{ restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', schedulerName: 'default-scheduler' },
      ...{ serviceAccountName: 'default', terminationGracePeriodSeconds: 30, enableServiceLinks: true },
    },
    status: { phase: 'Pending', qosClass: 'Burstable' },
  };
  return eventOf(pod, 'Created', { object });
}
function changed(pod, type) {
  const conditions = ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((condition) => ({
    ...{ type: condition, status: 'True', lastTransitionTime: '2026-11-30T13:00:01Z' },
  }));
  const set =
    type === 'PodBound'
      ? [[['spec', 'nodeName'], `node-${pod.revision}`]]
      : [
          [['status', 'conditions'], conditions],
          [['status', 'message'], `${type} ${pod.revision}`],
        ];
  return eventOf(pod, type, { uid: pod.uid, set });
}
function eventOf(pod, type, data) {
  const expected = pod.revision++;
  return {
    stream: `core.pods/${pod.namespace}/${pod.name}`,
    expected,
    event: {
      ...{ id: uuid(Number(pod.name.slice(4)) * 100 + pod.revision), type, time: '2026-11-30T13:00:00.000Z', data },
      metadata: {
        ...{ epoch: 1, actor: 'system:serviceaccount:kube-system:bench', via: 'bench', correlationId: pod.uid },
        schemaVersion: 1,
      },
    },
  };
}

function uuid(n) {
  return `00000000-0000-5000-8000-${String(n).padStart(12, '0')}`;
}

/** The same numbers in every run. */
function random(seed) {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}
function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return Number(sorted[Math.floor(share * (sorted.length - 1))].toFixed(1));
}
function shown(values) {
  return `p50 ${percentile(values, 0.5)} p99 ${percentile(values, 0.99)} ms`;
}
