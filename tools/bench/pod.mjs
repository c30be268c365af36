// How much longer a pod takes than its two containers take by themselves, on the same engine.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { onEnd, startCluster } from '../cluster.mjs';
import { clientOf } from './api.mjs';
import { median, mediansOf, quantile } from './median.mjs';
import { makeRaw, removeRaw, templateOf } from './raw-pods.mjs';

/** In all runs together: a 99th percentile of fewer is the worst of them. */
const PODS = 210;
const RUNS = 3;
const REPLICAS = 50;
/** The raw script's best of these counts. */
const AT_ONCE = [2, 4, 8];
const WAIT_MS = 180_000;
/** After many deletions a file system gives out inodes more slowly for some seconds: nobody shall be measured in them. */
const REST_MS = 6_000;
/** There on every node, and it only waits: nothing but starting is measured. */
const IMAGE = 'shiplog/infra:1';
const PODS_PATH = '/api/v1/namespaces/bench/pods';
const DEPLOYMENTS_PATH = '/apis/apps/v1/namespaces/bench/deployments';

export const names = [
  'pod.start_overhead_p50_ms',
  'pod.start_overhead_p99_ms',
  'pod.apply_to_running_p50_ms',
  'pod.scale_1_to_50_ratio',
  'pod.scale_0_to_50_ms',
  'pod.scale_raw_ms',
];

/** It takes its medians itself: the percentile is of the pods of all runs. */
export const runs = 1;

export async function run() {
  const cluster = await startCluster();
  const docker = new Docker();
  const isDone = onEnd(() => removeRaw(docker));
  try {
    await removeRaw(docker, (pid) => !existsSync(`/proc/${pid}`));
    const send = clientOf(cluster.kubeconfig);
    await send('POST', '/api/v1/namespaces', { metadata: { name: 'bench' } });
    await createdSoon(send, '/api/v1/namespaces/bench/serviceaccounts/default');
    await startPod(send, 'template');
    const template = await templateOf(docker, cluster.home, 'template');
    const gone = () => removed(docker, cluster.home);
    const overhead = await startOverhead(send, docker, template, gone);
    await send('POST', DEPLOYMENTS_PATH, deployment());
    const rest = async () => {
      await gone();
      await pause(REST_MS);
    };
    const scaling = [];
    for (let n = 0; n < RUNS; n++) scaling.push(await scaleUp(send, docker, template, rest));
    return { ...overhead, ...mediansOf(scaling) };
  } finally {
    isDone();
    await removeRaw(docker);
    await cluster.stop();
  }
}

/** Pods and raw pairs in turn, so that both meet the same machine. */
async function startOverhead(send, docker, template, gone) {
  const rounds = Array.from({ length: RUNS }, () => ({ ours: [], raw: [] }));
  for (let i = 0; i < PODS; i++) {
    const { ours, raw } = rounds[i % RUNS];
    await gone();
    ours.push(await startPod(send, `p-${i}`));
    await send('DELETE', `${PODS_PATH}/p-${i}?gracePeriodSeconds=0`);
    await gone();
    const started = performance.now();
    await makeRaw(docker, template, `start-${i}`);
    raw.push(performance.now() - started);
    await removeRaw(docker);
  }
  const p50 = ({ ours }) => quantile(ours, 0.5);
  const overhead = (round) => p50(round) - quantile(round.raw, 0.5);
  const all = rounds.flatMap(({ ours }) => ours);
  const own = quantile(
    rounds.flatMap(({ raw }) => raw),
    0.5,
  );
  return {
    'pod.start_overhead_p50_ms': median(rounds.map(overhead), 'ms'),
    'pod.start_overhead_p99_ms': { value: Math.round(quantile(all, 0.99) - own), unit: 'ms' },
    'pod.apply_to_running_p50_ms': median(rounds.map(p50), 'ms'),
  };
}

/** From the apply's sending to the watch event that shows the pod running. */
async function startPod(send, name) {
  let started = 0;
  const running = waitFor(
    send,
    `${PODS_PATH}?fieldSelector=metadata.name%3D${name}`,
    ({ status }) => status?.phase === 'Running',
  );
  const end = await running.begun;
  started = performance.now();
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 0, containers: [container()] },
  };
  const answer = await send('PATCH', `${PODS_PATH}/${name}?fieldManager=bench`, pod, 'application/apply-patch+yaml');
  if (answer.status !== 201) throw new Error(`apply was answered ${answer.status}: ${answer.text}`);
  const seen = await running.done;
  end();
  return seen - started;
}

async function scaleUp(send, docker, template, rest) {
  const path = `${DEPLOYMENTS_PATH}/web`;
  await rest();
  const fromNothing = await scaled(send, path, REPLICAS);
  await scaled(send, path, 0, true);
  await rest();
  await scaled(send, path, 1);
  const fromOne = await scaled(send, path, REPLICAS);
  await scaled(send, path, 0, true);
  const raw = [];
  for (const atOnce of AT_ONCE) {
    await rest();
    raw.push(await makeManyRaw(docker, template, atOnce));
    await removeRaw(docker);
  }
  const best = Math.min(...raw);
  return {
    'pod.scale_1_to_50_ratio': { value: Math.round((fromOne / best) * 100) / 100, unit: '' },
    'pod.scale_0_to_50_ms': { value: Math.round(fromNothing), unit: 'ms' },
    'pod.scale_raw_ms': { value: Math.round((best / (REPLICAS - 1)) * REPLICAS), unit: 'ms' },
  };
}

function deployment() {
  const labels = { app: 'bench' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [container()] } },
    },
  };
}

/** Resolves when the engine has removed all pods but the template, so that what is measured next does not wait for it. */
async function removed(docker, home) {
  const label = [`io.shiplog.cluster=${readFileSync(join(home, 'cluster'), 'utf8').trim()}`];
  const isLeft = ({ Labels }) => Labels['io.shiplog.pod.name'] !== 'template';
  while ((await docker.listContainers({ all: true, filters: { label } })).some(isLeft)) await pause(50);
}

/** Milliseconds until so many replicas are ready (or the others gone). */
async function scaled(send, path, replicas, isLess = false) {
  const isThere = ({ status, spec }) =>
    spec?.replicas === replicas &&
    (status?.readyReplicas ?? 0) === replicas &&
    (!isLess || (status?.replicas ?? 0) === replicas);
  const ready = waitFor(send, `${DEPLOYMENTS_PATH}?fieldSelector=metadata.name%3Dweb`, isThere);
  const end = await ready.begun;
  const started = performance.now();
  await send('PATCH', `${path}/scale`, { spec: { replicas } }, 'application/merge-patch+json');
  const seen = await ready.done;
  end();
  return seen - started;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const container = () => ({ name: 'app', image: IMAGE, imagePullPolicy: 'IfNotPresent' });

/** `begun` resolves with how to end the watch, `done` with the time of the first object that fits. */
function waitFor(send, path, fits) {
  let see = () => undefined;
  let late;
  const done = new Promise((resolve, reject) => {
    see = resolve;
    late = setTimeout(() => reject(new Error(`${path} did not become what was waited for`)), WAIT_MS);
  });
  done.catch(() => undefined);
  const begun = send.watch(`${path}&watch=true`, ({ object }) => {
    if (!fits(object)) return;
    clearTimeout(late);
    see(performance.now());
  });
  return { begun, done };
}

async function createdSoon(send, path) {
  for (let i = 0; i < 100; i++) {
    if ((await send('GET', path)).status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${path} was not made`);
}

async function makeManyRaw(docker, template, atOnce) {
  let next = 1;
  const started = performance.now();
  const worker = async () => {
    while (next < REPLICAS) await makeRaw(docker, template, `many-${atOnce}-${next++}`);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return performance.now() - started;
}
