// How long a pod is away when its machine loses its power: from then until its replacement is Ready on another host. Three test
// hosts; the pod tolerates no silence. And how that compares with Docker Swarm on hosts of the same sort.
import { setTimeout as sleep } from 'node:timers/promises';
import { swarmReplacements } from './swarm-replace.mjs';

const RUNS = 3;
const WAIT_MS = 120_000;
const APP = 'bench-death';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const PODS = `/api/v1/namespaces/default/pods?labelSelector=app%3D${APP}`;

/** The figures that this module gives. */
export const names = ['node.death_to_replacement_s', 'swarm.replace_ratio'];
/** It takes its medians itself: hosts are started once. */
export const runs = 1;

export async function run() {
  const ours = await replacements();
  const theirs = await swarmReplacements(RUNS);
  const [lowest, value, highest] = [...ours].sort((a, b) => a - b).map(rounded);
  const swarm = [...theirs].sort((a, b) => a - b)[RUNS >> 1];
  return {
    'node.death_to_replacement_s': { value, unit: 's', lowest, highest, runs: RUNS },
    'swarm.replace_ratio': { value: rounded(value / swarm), unit: '', swarm: rounded(swarm) },
  };
}

/** Seconds that a pod of ours was away, each time. */
async function replacements() {
  const { HostCluster } = await import('../../dist/test/support/hosts/host-cluster.js');
  const { ApiClient } = await import('../../dist/test/support/api-client.js');
  const cluster = await HostCluster.start({ nodes: 3 });
  const api = await cluster.nodesReady().then(() => new ApiClient(cluster.kubeconfig));
  const look = async (isIt) => {
    for (const end = performance.now() + WAIT_MS; performance.now() < end; await sleep(20)) {
      const { items = [] } = (await api.get(PODS)).json();
      const found = items.find((pod) => isReady(pod) && isIt(pod));
      if (found) return found;
    }
    throw new Error(`no pod is Ready within ${WAIT_MS} ms`);
  };
  try {
    await api.call('POST', DEPLOYMENTS, { body: deployment() });
    let pod = await look(() => true);
    const times = [];
    for (let n = 0; n < RUNS; n++) {
      const host = cluster.hosts.get(pod.spec.nodeName);
      const began = performance.now();
      await host.powerOff();
      pod = await look(({ spec }) => spec.nodeName !== host.name);
      times.push((performance.now() - began) / 1000);
      await cluster.boot(host);
      await cluster.nodesReady();
    }
    return times;
  } finally {
    api.close();
    await cluster.stop();
  }
}

const rounded = (value) => Math.round(value * 100) / 100;

function isReady({ metadata, status }) {
  const { conditions = [] } = status ?? {};
  const is = conditions.some((one) => one.type === 'Ready' && one.status === 'True');
  return is && metadata.deletionTimestamp === undefined;
}

function deployment() {
  const key = { operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 0 };
  const command = ['busybox', 'sleep', '1000000'];
  const containers = [{ name: 'main', image: 'shiplog.local/busybox:1', command }];
  const tolerations = ['unreachable', 'not-ready'].map((one) => ({ key: `node.kubernetes.io/${one}`, ...key }));
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: APP },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: APP } },
      template: { metadata: { labels: { app: APP } }, spec: { tolerations, containers } },
    },
  };
}
