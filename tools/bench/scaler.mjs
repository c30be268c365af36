import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from './median.mjs';

const NODES = 50;
const PODS_PER_NODE = 100;
const PODS_PER_TARGET = 5;
const TARGETS = (NODES * PODS_PER_NODE) / PODS_PER_TARGET;
/** Every second pod has a second container. */
const SECONDS = 40;
const NAMESPACES = 100;
const RUNS = 5;
const MS = 1_000_000;

/** The figures that this module gives. */
export const names = ['scaler.memory_mb_5000_pods', 'scaler.decisions_per_s', 'scaler.decisions_per_s_one_namespace'];
/** It takes its medians itself: each run is a process of its own. */
export const runs = 1;

export async function run() {
  const measured = [];
  const crowded = [];
  for (let n = 0; n < RUNS; n++) {
    measured.push(await inProcess(NAMESPACES));
    crowded.push(await inProcess(1));
  }
  const middle = (runs, of, unit) => median(runs.map(of), unit);
  return {
    'scaler.memory_mb_5000_pods': middle(measured, ({ memory }) => memory, 'MB'),
    'scaler.decisions_per_s': middle(measured, ({ decisions }) => decisions, '1/s'),
    'scaler.decisions_per_s_one_namespace': middle(crowded, ({ decisions }) => decisions, '1/s'),
  };
}
async function inProcess(namespaces) {
  const program = [...process.execArgv, '--expose-gc', '--no-warnings', fileURLToPath(import.meta.url)];
  const { stdout } = await promisify(execFile)(process.execPath, [...program, 'measure', String(namespaces)]);
  return JSON.parse(stdout);
}

if (process.argv[2] === 'measure') process.stdout.write(JSON.stringify(await measure(Number(process.argv[3]))));

/** A scaler that hears of 5,000 pods on 50 nodes each second, and 1,000 autoscalers in so many namespaces whose load has just risen. */
async function measure(namespaces) {
  const namespaceOf = (target) => `ns${target % namespaces}`;
  const { MemoryBusHub, VirtualClock } = await import('#adapters');
  const { registry } = await import('#kinds');
  const { autoscalingLoops } = await import('#loops');
  const { MeasurementEncoder, MEASUREMENTS, parseQuestion, RecordedOutside, submitsOf } = await import('#model');
  const { TestView } = await import('#model/testing');
  const { Scaler } = await import('#scaler');
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const view = new TestView(registry);
  const nodes = Array.from({ length: NODES }, (_, n) => nodeOf(n, clock.now(), namespaceOf));
  for (const object of objectsOf(nodes, clock.now(), namespaceOf)) view.put(object);
  const bus = new MemoryBusHub(clock).connect('scaler');
  const before = bytesNow();
  const scaler = new Scaler({ reads: { projection: view, onChanges: () => () => undefined }, bus, clock });
  const encoders = nodes.map(() => new MeasurementEncoder());
  // Without the encoders, which are the agents'.
  const withEncoders = () => {
    const frames = nodes.map((node, n) => encoders[n].encode(sampleOf(node, clock)));
    nodes.forEach((node, n) => scaler.take(node.name, frames[n]));
  };
  for (let second = 0; second < SECONDS; second++) {
    clock.advance(1000);
    // Ten seconds ago the load rose to twice the target.
    for (const { pods } of nodes) for (const pod of pods) pod.used += (second < SECONDS - 10 ? 50 : 100) * MS;
    withEncoders();
  }
  encoders.length = 0;
  const figures = scaler.pods({}).figures.length;
  if (figures !== NODES * PODS_PER_NODE) throw new Error(`${figures} pods have figures`);
  const memory = (bytesNow() - before) / 1e6;
  const [loop] = autoscalingLoops;
  loop.picture.follow(view);
  const look = (key) => {
    const measurements = scaler.measurementsFor(key);
    const facts = { [MEASUREMENTS]: (text) => measurements.answer(parseQuestion(text)) };
    return loop.reconcile(view, key, clock.now(), new RecordedOutside(facts));
  };
  const keys = Array.from({ length: TARGETS }, (_, i) => `${namespaceOf(i)}/t${i}`);
  // Once to warm up, then for two seconds.
  let decided = 0;
  let elapsed = 0;
  for (let round = 0; elapsed < 2000; round++) {
    const started = performance.now();
    const scaled = keys.filter((key) =>
      submitsOf(look(key)).some(({ command }) => command.subresource === 'scale'),
    ).length;
    if (scaled !== TARGETS) throw new Error(`${scaled} of ${TARGETS} autoscalers scale`);
    if (round === 0) continue;
    elapsed += performance.now() - started;
    decided += scaled;
  }
  return { memory, decisions: (1000 * decided) / elapsed };
}

function nodeOf(n, startedAt, namespaceOf) {
  const pods = Array.from({ length: PODS_PER_NODE }, (_, i) => {
    const number = n * PODS_PER_NODE + i;
    const containers = number % 2 === 0 ? ['app'] : ['app', 'sidecar'];
    const of = number % TARGETS;
    const place = { name: `p${number}`, namespace: namespaceOf(of), target: `t${of}` };
    return { ...place, uid: `uid-${number}`, containers, used: 0, startedAt };
  });
  return { name: `n${n}`, pods, sequence: 0 };
}

function* objectsOf(nodes, now, namespaceOf) {
  const long = new Date(now - 3_600_000).toISOString().replace(/\.\d+/, '');
  const ready = [{ type: 'Ready', status: 'True', lastTransitionTime: long }];
  for (const { name, pods } of nodes) {
    yield { apiVersion: 'v1', kind: 'Node', metadata: { name, uid: name } };
    for (const pod of pods)
      yield {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: pod.name, namespace: pod.namespace, uid: pod.uid, labels: { app: pod.target } },
        spec: {
          nodeName: name,
          containers: pod.containers.map((one) => ({ name: one, resources: { requests: { cpu: '100m' } } })),
        },
        status: { phase: 'Running', startTime: long, conditions: ready },
      };
  }
  for (let i = 0; i < TARGETS; i++) {
    const metadata = { name: `t${i}`, namespace: namespaceOf(i), uid: `t${i}` };
    const selector = { matchLabels: { app: `t${i}` } };
    const replicas = PODS_PER_TARGET;
    yield { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas, selector }, status: { replicas } };
    const resource = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } };
    yield {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { ...metadata, uid: `hpa-${i}` },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: `t${i}` },
        maxReplicas: 20,
        metrics: [{ type: 'Resource', resource }],
      },
    };
  }
}

function sampleOf(node, clock) {
  const memory = { usage: 60_000_000, workingSet: 50_000_000, rss: 40_000_000 };
  return {
    ...{ node: node.name, boot: 'boot', sequence: ++node.sequence, at: clock.now(), ticksMs: clock.monotonic() },
    machine: { startedAt: 0, cpus: 64, memoryBytes: 1e11, cpu: { usageNanos: node.sequence * 1e9 }, memory },
    pods: node.pods.map(({ uid, name, namespace, containers, used, startedAt }) => ({
      ...{ uid, name, namespace, startedAt },
      containers: containers.map((one) => ({
        ...{ name: one, id: `${uid}-${one}`, startedAt, memory },
        cpu: { usageNanos: used, limitMilli: 500, periods: 10, throttledPeriods: 0, throttledNanos: 0 },
      })),
    })),
  };
}

function bytesNow() {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
