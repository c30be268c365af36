import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from './median.mjs';
import { problemsOf } from './placements.mjs';
import { openPlane } from './plane.mjs';

const RUNS = 3;
const RUNNING = 50_000;
const APPENDS_AT_ONCE = 512;
const WAIT_MS = 300_000;

const WORLDS = {
  'scheduler.binds_1000_nodes_per_s': { nodes: 1000, waiting: 10_000, spec: plain },
  'scheduler.binds_5000_nodes_per_s': { nodes: 5000, waiting: 10_000, spec: plain },
  'scheduler.antiaffinity_binds_5000_nodes_per_s': { nodes: 5000, waiting: 4000, spec: apart },
};
/** The figures that this module gives: the median of three runs, with the lowest and the highest. */
export const names = Object.keys(WORLDS);
export const runs = 1;

export async function run() {
  const figures = {};
  for (const [name, world] of Object.entries(WORLDS)) {
    const rates = [];
    for (let n = 0; n < RUNS; n++) rates.push(await bindsPerSecond(world));
    figures[name] = median(rates, '1/s');
  }
  return figures;
}

/** Pods bound a second, from the first bind in the log to the last, in a cluster of simulated nodes on the embedded log. */
async function bindsPerSecond(world) {
  const { accessPolicy, registry } = await import('#kinds');
  const { CommandGate } = await import('#engine');
  const { schedulingLoops } = await import('#loops');
  const folder = await mkdtemp(join(tmpdir(), 'shiplog-bench-'));
  const { log, plane } = await openPlane(folder);
  try {
    await plane.start();
    const writer = await plane.becomeWriter('bench');
    await fill(log, world);
    const running = plane.reads.projection;
    const total = 1 + world.nodes + RUNNING + world.waiting;
    while (running.size.streams < total) await new Promise((resolve) => setTimeout(resolve, 50));
    await makeRoles(writer);
    const gate = new CommandGate({
      writer,
      kinds: registry,
      view: () => running,
      authorizer: accessPolicy,
      loops: { scheduler: schedulingLoops },
    });
    const times = [];
    const bound = new Promise((resolve, reject) => {
      setTimeout(reject, WAIT_MS, new Error(`${times.length} of ${world.waiting} pods were bound`)).unref();
      plane.reads.onChanges((_changes, events) => {
        for (const { type } of events) if (type === 'PodBound') times.push(performance.now());
        if (times.length >= world.waiting) resolve();
      });
    });
    plane.run(schedulingLoops, gate.of('scheduler'));
    await bound;
    const problems = await problemsOf(log, world.waiting);
    if (problems.length > 0) throw new Error(`wrong placements:\n${problems.slice(0, 5).join('\n')}`);
    return (1000 * (times.length - 1)) / (times.at(-1) - times[0]);
  } finally {
    await plane.stop();
    await log.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The ClusterRoles that every cluster has, and their bindings: the scheduler may do what its role says. */
async function makeRoles(writer) {
  const { bootstrapKind, bootstrapObjects } = await import('#kinds');
  const actor = { name: 'system:apiserver', groups: ['system:masters'] };
  const made = bootstrapObjects
    .filter(({ metadata }) => metadata.namespace === undefined)
    .map((body) => {
      const about = { verb: 'create', kind: bootstrapKind(body).id, apiVersion: body.apiVersion, name: '', body };
      return writer.submit({
        ...about,
        options: {},
        actor,
        via: 'bench',
        correlationId: `${body.kind} ${body.metadata.name}`,
      });
    });
  for (const result of await Promise.all(made)) if ('refused' in result) throw new Error(result.message);
}

/** Nodes in three zones, running pods one after the other on all of them, and pods that wait. */
async function fill(log, { nodes, waiting, spec }) {
  const objects = [
    { plural: 'namespaces', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } } },
  ];
  for (let n = 0; n < nodes; n++) objects.push({ plural: 'nodes', object: node(n) });
  for (let n = 0; n < RUNNING; n++) {
    const { object, plural } = pod(`running-${n}`, n, {});
    const placed = { ...object, spec: { ...object.spec, nodeName: `node-${n % nodes}` }, status: { phase: 'Running' } };
    objects.push({ plural, object: placed });
  }
  for (let n = 0; n < waiting; n++) objects.push(pod(`waiting-${n}`, n, spec(n)));
  let next = 0;
  const append = async () => {
    for (let n = next++; n < objects.length; n = next++) {
      const { plural, object } = objects[n];
      const { name, namespace } = object.metadata;
      const born = { ...object.metadata, uid: `uid-${plural}-${name}`, creationTimestamp: '2026-01-01T00:00:00Z' };
      await log.append(`core.${plural}/${namespace ?? '_'}/${name}`, created({ ...object, metadata: born }), -1);
    }
  };
  await Promise.all(Array.from({ length: APPENDS_AT_ONCE }, append));
}

function created(object) {
  const metadata = { epoch: 1, actor: 'bench', via: 'bench', correlationId: object.metadata.uid, schemaVersion: 1 };
  return { id: object.metadata.uid, type: 'Created', time: '2026-01-01T00:00:00.000Z', data: { object }, metadata };
}

function node(n) {
  const name = `node-${n}`;
  const amounts = { cpu: '64', memory: '256Gi', pods: '250' };
  const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': `zone-${n % 3}` };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    spec: { podCIDR: `10.${n >> 8}.${n & 255}.0/24` },
    status: { capacity: amounts, allocatable: amounts, conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

/** A pod of one of a hundred apps. */
function pod(name, n, spec) {
  const app = `app-${n % 100}`;
  const requests = { cpu: `${100 + 50 * (n % 4)}m`, memory: `${128 * (1 + (n % 3))}Mi` };
  const containers = [{ name: 'main', image: 'registry.example/app:1', resources: { requests } }];
  const tolerations = ['not-ready', 'unreachable'].map((key) => ({
    ...{ key: `node.kubernetes.io/${key}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
  }));
  return {
    plural: 'pods',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'bench', labels: { app } },
      spec: { containers, tolerations, schedulerName: 'default-scheduler', priority: 0, ...spec },
      status: { phase: 'Pending', qosClass: 'Burstable' },
    },
  };
}
function plain() {
  return {};
}
/** Apart from its own app on each node, and evenly over the zones. */
function apart(n) {
  const labelSelector = { matchLabels: { app: `app-${n % 100}` } };
  const term = { labelSelector, topologyKey: 'kubernetes.io/hostname' };
  return {
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
    topologySpreadConstraints: [
      { maxSkew: 5, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector },
    ],
  };
}
