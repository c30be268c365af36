// How long a rise of load waits for its replicas, on real containers.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { kubectl } from '../clients.mjs';
import { root, startCluster } from '../cluster.mjs';
import { median } from './median.mjs';

const RUNS = 5;
const WAIT_MS = 60_000;
const LOOK_MS = 20;
const IMAGE = 'shiplog.local/busybox:1';
/** One that waits until it is told to work, and then works without end. */
const SCRIPT = 'mkfifo /tmp/go; read word < /tmp/go; while :; do :; done';

/** The figures that this module gives. */
export const names = ['autoscale.load_to_decision_ms', 'autoscale.load_to_ready_s', 'autoscale.five_times_rounds'];
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
  try {
    image(cluster.home);
    const measured = [];
    for (let n = 0; n < RUNS; n++) measured.push(await rise(ask, `web${n}`));
    return {
      'autoscale.load_to_decision_ms': median(
        measured.map(({ decisionMs }) => decisionMs),
        'ms',
      ),
      'autoscale.load_to_ready_s': median(
        measured.map(({ readyS }) => readyS),
        's',
      ),
      'autoscale.five_times_rounds': median(
        measured.map(({ rounds }) => rounds),
        '',
      ),
    };
  } finally {
    await cluster.stop();
  }
}

function image(home) {
  const program = [join(root, 'dist/apps/cli/main.js'), 'image', 'busybox'];
  const made = spawnSync(process.execPath, program, { env: { ...process.env, SHIPLOG_HOME: home }, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`the image could not be made: ${made.stderr}`);
}

/** One pod, whose load rises to five times of what its target is; the pods that come are idle. */
async function rise(ask, name) {
  apply(ask, name);
  await until(() => found(ask, 'hpa', name).status?.currentMetrics?.[0]?.resource?.current !== undefined);
  const pod = ask(['get', 'pods', '-l', `app=${name}`, '-o', 'name']);
  const started = performance.now();
  ask(['exec', pod, '--', 'sh', '-c', 'echo go > /tmp/go']);
  const sizes = [1];
  let decisionMs;
  let readyS;
  await until(() => {
    const { spec, status } = found(ask, 'deployment', name);
    if (spec.replicas !== sizes.at(-1)) sizes.push(spec.replicas);
    if (sizes.length > 1) decisionMs ??= performance.now() - started;
    if (spec.replicas === 5 && status.readyReplicas === 5) readyS = (performance.now() - started) / 1000;
    return readyS !== undefined;
  });
  ask(['delete', 'hpa,deployment', name, '--wait=false']);
  ask(['delete', 'pods', '-l', `app=${name}`, '--grace-period=0', '--force', '--ignore-not-found']);
  return { decisionMs, readyS, rounds: sizes.length - 1 };
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
        ...{ scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name }, maxReplicas: 5 },
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
