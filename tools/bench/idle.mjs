// What a cluster costs that does nothing: control plane, bus and agent together. Once after its start, once after a load.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../cluster.mjs';
import { openClients } from './raw-client.mjs';

const SETTLE_MS = 15_000;
const WATCH_MS = 30_000;
const TICKS_PER_SECOND = 100;
const SETTLE_AFTER_LOAD_MS = 60_000;
const OBJECTS = 3000;
const CLIENTS = 16;
const PODS = 20;
/** In which so many pods are surely there. */
const PODS_MS = 20_000;

export const names = ['idle.memory_mb', 'idle.cpu_percent', 'idle.after_load_memory_mb', 'idle.after_load_cpu_percent'];

export async function run() {
  const cluster = await startCluster();
  try {
    await sleep(SETTLE_MS);
    const fresh = await idle(cluster.home);
    await load(cluster);
    await sleep(SETTLE_AFTER_LOAD_MS);
    const after = await idle(cluster.home);
    return {
      'idle.memory_mb': fresh.memory,
      'idle.cpu_percent': fresh.cpu,
      'idle.after_load_memory_mb': after.memory,
      'idle.after_load_cpu_percent': after.cpu,
    };
  } finally {
    await cluster.stop();
  }
}

async function idle(home) {
  const before = ticks(processesOf(home));
  await sleep(WATCH_MS);
  const processes = processesOf(home);
  const used = ticks(processes) - before;
  return {
    memory: { value: Math.round(processes.reduce((sum, pid) => sum + residentMb(pid), 0)), unit: 'MB' },
    cpu: { value: Math.round((used / TICKS_PER_SECOND / (WATCH_MS / 1000)) * 1000) / 10, unit: '%' },
  };
}

/** Objects that are made, changed and deleted again, and pods that come and go. */
async function load(cluster) {
  const { close, send } = await openClients(cluster.kubeconfig, CLIENTS);
  const maps = '/api/v1/namespaces/bench/configmaps';
  const deployments = '/apis/apps/v1/namespaces/bench/deployments';
  await send(0, 'POST', '/api/v1/namespaces', { metadata: { name: 'bench' } });
  await send(0, 'POST', deployments, deployment(PODS));
  let next = 0;
  const client = async (number) => {
    for (let n = next++; n < OBJECTS; n = next++) {
      await send(number, 'POST', maps, { metadata: { name: `m-${n}` }, data: { key: 'x'.repeat(500) } });
      await send(number, 'PUT', `${maps}/m-${n}`, { metadata: { name: `m-${n}` }, data: { key: 'y'.repeat(500) } });
      await send(number, 'DELETE', `${maps}/m-${n}`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  await sleep(PODS_MS);
  await send(0, 'DELETE', `${deployments}/web`);
  close();
}

function deployment(replicas) {
  const labels = { app: 'bench' };
  const containers = [{ name: 'app', image: 'shiplog/infra:1', imagePullPolicy: 'IfNotPresent' }];
  return {
    metadata: { name: 'web' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers } },
    },
  };
}

/** Standalone, nats-server and the agent, by the files that they leave in the data folder. */
function processesOf(home) {
  const agents = readdirSync(join(home, 'agent')).map((node) => join('agent', node, 'pid'));
  return ['standalone.pid', join('nats', 'pid'), ...agents].map((file) =>
    Number(readFileSync(join(home, file), 'utf8')),
  );
}

function ticks(processes) {
  return processes.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return sum + Number(fields[11]) + Number(fields[12]);
  }, 0);
}

/** What the process itself takes, and its share of what it shares with others: three processes of one binary share its code. */
function residentMb(pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) / 1024;
}
