// How long a rise of load waits for its replicas, on real containers.
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { kubectl } from '../clients.mjs';
import { onEnd, root, startCluster } from '../cluster.mjs';
import { clientOf } from './api.mjs';
import { median } from './median.mjs';
import { makeRaw, removeRaw, templateOf } from './raw-pods.mjs';

const RUNS = 5;
const WAIT_MS = 60_000;
const LOOK_MS = 20;
const IMAGE = 'shiplog.local/busybox:1';
const REPLICAS = 5;
/** One that waits until it is told to work, notes when that was, and then works without end. */
const SCRIPT =
  'mkfifo /tmp/go; read word < /tmp/go; read up idle < /proc/uptime; echo $up > /tmp/began; while :; do :; done';

/** The figures that this module gives. */
export const names = [
  'autoscale.load_to_decision_ms',
  'autoscale.decision_to_ready_s',
  'autoscale.raw_start_s',
  'autoscale.load_to_ready_s',
  'autoscale.five_times_rounds',
];
/** It takes its medians itself: a cluster is started once. */
export const runs = 1;

export async function run() {
  const cluster = await startCluster();
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
  const ask = (words, input) => {
    const { status, stdout, stderr } = spawnSync(kubectl(), words, { env, input, encoding: 'utf8' });
    if (status !== 0) throw new Error(`kubectl ${words.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const tell = (words) => promisify(execFile)(kubectl(), words, { env });
  const docker = new Docker();
  const isDone = onEnd(() => removeRaw(docker));
  try {
    image(cluster.home);
    const send = clientOf(cluster.kubeconfig);
    await removeRaw(docker, (pid) => !existsSync(`/proc/${pid}`));
    const measured = [];
    for (let n = 0; n < RUNS; n++)
      measured.push(await rise({ ask, tell, send, docker, home: cluster.home }, `web${n}`));
    return {
      'autoscale.load_to_decision_ms': median(
        measured.map(({ decisionMs }) => decisionMs),
        'ms',
      ),
      'autoscale.decision_to_ready_s': median(
        measured.map(({ startS }) => startS),
        's',
        2,
      ),
      'autoscale.raw_start_s': median(
        measured.map(({ rawS }) => rawS),
        's',
        2,
      ),
      'autoscale.load_to_ready_s': median(
        measured.map(({ readyS }) => readyS),
        's',
        2,
      ),
      'autoscale.five_times_rounds': median(
        measured.map(({ rounds }) => rounds),
        '',
      ),
    };
  } finally {
    isDone();
    await removeRaw(docker);
    await cluster.stop();
  }
}

function image(home) {
  const program = [join(root, 'dist/apps/cli/main.js'), 'image', 'busybox'];
  const made = spawnSync(process.execPath, program, { env: { ...process.env, SHIPLOG_HOME: home }, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`the image could not be made: ${made.stderr}`);
}

/**
 * One pod, whose load rises to five times of what its target is; the pods that come are idle. The load begins when the program says so, and
 * what becomes of it a watch sees: a client that asks again and again would take a processor from the containers that start. Right after it, plain
 * calls make the containers of as many pods: that is what the engine needs at this moment.
 */
async function rise({ ask, tell, send, docker, home }, name) {
  apply(ask, name);
  await until(() => found(ask, 'hpa', name).status?.currentMetrics?.[0]?.resource?.current !== undefined);
  const pod = ask(['get', 'pods', '-l', `app=${name}`, '-o', 'name']);
  const sizes = [1];
  let [decidedAt, readyAt] = [0, 0];
  const path = `/apis/apps/v1/namespaces/default/deployments?fieldSelector=metadata.name%3D${name}&watch=true`;
  const end = await send.watch(path, ({ object: { spec, status } }) => {
    if (spec.replicas !== sizes.at(-1)) sizes.push(spec.replicas);
    if (sizes.length > 1) decidedAt ||= performance.now();
    if (spec.replicas === REPLICAS && status.readyReplicas === REPLICAS) readyAt ||= performance.now();
  });
  await tell(['exec', pod, '--', 'sh', '-c', 'echo go > /tmp/go']);
  await until(() => readyAt > 0);
  end();
  const rawStarted = performance.now();
  const template = await templateOf(docker, home, pod.replace('pod/', ''), 'a');
  await Promise.all(Array.from({ length: REPLICAS - 1 }, (_, i) => makeRaw(docker, template, `${name}-${i}`)));
  const rawS = (performance.now() - rawStarted) / 1000;
  await removeRaw(docker);
  const beganAt = atUptime(Number(ask(['exec', pod, '--', 'cat', '/tmp/began'])));
  ask(['delete', 'hpa,deployment', name, '--wait=false']);
  ask(['delete', 'pods', '-l', `app=${name}`, '--grace-period=0', '--force', '--ignore-not-found']);
  return {
    ...{ decisionMs: decidedAt - beganAt, readyS: (readyAt - beganAt) / 1000, startS: (readyAt - decidedAt) / 1000 },
    ...{ rawS, rounds: sizes.length - 1 },
  };
}

/** When this process had the moment at which the kernel had been up for so many seconds. */
function atUptime(seconds) {
  const [now] = readFileSync('/proc/uptime', 'utf8').split(' ');
  return performance.now() - (Number(now) - seconds) * 1000;
}

function found(ask, kind, name) {
  return JSON.parse(ask(['get', kind, name, '-o', 'json']));
}

function apply(ask, name) {
  const labels = { app: name };
  const resources = { requests: { cpu: '100m' }, limits: { cpu: '100m' } };
  const container = { name: 'a', image: IMAGE, command: ['sh', '-c', SCRIPT], resources };
  const manifests = [
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name } },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    },
    {
      ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
      metadata: { name, annotations: { 'shiplog.io/scale-on-pressure': 'true' } },
      spec: {
        ...{ scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name }, maxReplicas: REPLICAS },
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 100 } } },
        ],
      },
    },
  ];
  for (const manifest of manifests) ask(['create', '-f', '-'], JSON.stringify(manifest));
}

async function until(isTrue) {
  const deadline = performance.now() + WAIT_MS;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error('it took more than a minute');
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
