import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StoredEvent } from '#model';
import { kubectl } from '../../tools/clients.mjs';
import { eventsOf } from '../support/event-log.js';
import { BUSYBOX, importBusybox, TestCluster, until } from '../support/test-cluster.js';
import { deployment, DEPLOYMENTS, podsOf, rolledOut } from '../support/workloads.js';

/**
 * Load on real containers makes replicas. Who is busy uses its limit where the machine lets it, and far more than what is
 * aimed at where the machine has other work: a group of processes gets a tenth of a core beside nine that are busy.
 */
const LIMIT_MILLI = 100;
const AIMED_MILLI = 10;
const AUTOSCALERS = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';
const LOADS = '/api/v1/namespaces/default/configmaps';
/** A step of a size: a look, an image that is there, a start, a full interval of figures, on a machine that is busy. */
const PATIENCE_S = 180;
/** So long an autoscaler rests after a change. */
const PAUSE_MS = 15_000;
let cluster: TestCluster;

beforeAll(async () => {
  importBusybox();
  cluster = new TestCluster('scaled');
  await cluster.start();
});
afterAll(() => cluster?.remove(), 90_000);

/** Works while its switch `cpu` is on, and holds 40 MiB while `memory` is; idle, it starts two processes a second. */
const WORK = `trap "exit 0" TERM
while true; do
  read -r memory < /load/memory; read -r cpu < /load/cpu
  if [ "$memory" = on ]; then [ -f /dev/shm/held ] || dd if=/dev/zero of=/dev/shm/held bs=1M count=40 2>/dev/null
  elif [ -f /dev/shm/held ]; then rm -f /dev/shm/held; fi
  if [ "$cpu" = on ]; then i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done
  else sleep 0.5 & wait $!; fi
done`;
const cpu = `${LIMIT_MILLI}m`;
const RESOURCES = { requests: { cpu, memory: '16Mi' }, limits: { cpu, memory: '128Mi' } };

async function post(path: string, body: object): Promise<void> {
  const answer = await cluster.api.call('POST', path, { body });
  expect([answer.status, answer.json().message]).toEqual([201, undefined]);
}
/** Turns the load of a workload on or off, for all of its pods. */
async function turn(name: string, data: object): Promise<void> {
  const answer = await cluster.api.call('PATCH', `${LOADS}/${name}`, {
    ...{ body: { data }, contentType: 'application/merge-patch+json' },
  });
  expect(answer.status).toBe(200);
}
async function workload(name: string, more: readonly object[] = []): Promise<void> {
  await post(LOADS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { cpu: 'off', memory: 'off' } });
  const made = deployment(name, 1) as { spec: { template: { spec: object } } };
  const main = {
    ...{ name: 'main', image: BUSYBOX, command: ['sh', '-c', WORK], resources: RESOURCES },
    volumeMounts: [{ name: 'load', mountPath: '/load' }],
  };
  made.spec.template.spec = {
    terminationGracePeriodSeconds: 2,
    containers: [main, ...more],
    volumes: [{ name: 'load', configMap: { name } }],
  };
  await post(DEPLOYMENTS, made);
  await rolledOut(cluster, name);
}
const rules = { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }] };
async function autoscaler(
  name: string,
  metric: object,
  { max = 2, target }: { readonly max?: number; readonly target?: object } = {},
): Promise<void> {
  await post(AUTOSCALERS, {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name },
    spec: {
      scaleTargetRef: target ?? { apiVersion: 'apps/v1', kind: 'Deployment', name },
      ...{ minReplicas: 1, maxReplicas: max, metrics: [metric], behavior: { scaleUp: rules, scaleDown: rules } },
    },
  });
}
const utilization = (averageUtilization: number): object => ({ type: 'Utilization', averageUtilization });
const average = (averageValue: string): object => ({ type: 'AverageValue', averageValue });

interface Sized {
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly readyReplicas?: number };
}
async function sizeOf(name: string, path = DEPLOYMENTS): Promise<Sized> {
  return (await cluster.api.get(`${path}/${name}`)).json<Sized>();
}
/** Waits until a workload has so many pods, all of them ready. */
async function reaches(name: string, replicas: number): Promise<void> {
  await until(
    `${name} has ${replicas} replicas`,
    async () => ({ ...(await sizeOf(name)), autoscaler: (await cluster.api.get(`${AUTOSCALERS}/${name}`)).json() }),
    ({ spec, status }) => spec.replicas === replicas && status?.readyReplicas === replicas,
    PATIENCE_S,
  );
}
/** Every change of a workload's size by its autoscaler, in order. */
async function changesOf(name: string): Promise<readonly StoredEvent[]> {
  const stream = `apps.deployments/default/${name}`;
  return (await eventsOf(cluster.home)).filter(
    (event) => event.stream === stream && event.metadata.via === 'horizontal-pod-autoscaler',
  );
}
async function sizesOf(name: string): Promise<readonly number[]> {
  return (await changesOf(name)).map(({ data }) => {
    const set = (data['set'] ?? []) as readonly (readonly [readonly string[], unknown])[];
    return Number(set.find(([path]) => path.join('.') === 'spec.replicas')?.[1]);
  });
}
function run(...words: readonly string[]): string {
  return execFileSync(kubectl(), words, { encoding: 'utf8', env: { ...process.env, KUBECONFIG: cluster.kubeconfig } });
}

describe('load on containers', () => {
  it('makes four replicas of one, by the processor time that they use', async () => {
    await workload('cpu');
    const metric = { type: 'Resource', resource: { name: 'cpu', target: average(`${AIMED_MILLI}m`) } };
    await autoscaler('cpu', metric, { max: 4 });
    await turn('cpu', { cpu: 'on' });
    await reaches('cpu', 4);
    const sizes = await sizesOf('cpu');
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
  });

  it('keeps its size and is scaled on when the agent and the scaler are killed', async () => {
    const before = await sizesOf('cpu');
    const { status } = (await cluster.api.get(`${AUTOSCALERS}/cpu`)).json<{ status: { lastScaleTime: string } }>();
    await cluster.killAgent();
    await cluster.killControlPlane();
    await cluster.start();
    // Its pods are far above the target: it wants another one as soon as it knows that.
    const started = Date.now();
    const body = { spec: { maxReplicas: 5 } };
    await cluster.api.call('PATCH', `${AUTOSCALERS}/cpu`, { body, contentType: 'application/merge-patch+json' });
    await reaches('cpu', 5);
    expect(await sizesOf('cpu')).toEqual([...before, 5]);
    // A size is not changed again for a while, whoever was restarted.
    const couldBe = Math.max(started, Date.parse(status.lastScaleTime) + PAUSE_MS);
    const decided = Date.parse((await changesOf('cpu')).at(-1)?.time ?? '');
    process.stderr.write(`after its restart the scaler decided within ${decided - couldBe} ms\n`);
    await until(
      'all pods are measured again',
      () => Promise.resolve(run('top', 'pod', '-l', 'app=cpu', '--no-headers')),
      (text) => text.trim().split('\n').length === 5,
      PATIENCE_S,
    );
    const loaded = await sizesOf('cpu');
    await turn('cpu', { cpu: 'off' });
    await reaches('cpu', 1);
    const sizes = (await sizesOf('cpu')).slice(loaded.length);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  });

  it('makes two of one by memory, and one of two when it is given back', async () => {
    await workload('memory');
    await autoscaler('memory', { type: 'Resource', resource: { name: 'memory', target: average('25Mi') } });
    await turn('memory', { memory: 'on' });
    await reaches('memory', 2);
    await turn('memory', { memory: 'off' });
    await reaches('memory', 1);
  });

  it('counts in one container of each pod, whatever the others do', async () => {
    // Of both containers together the usage is half of what is aimed at, at most.
    const resources = { requests: { cpu: '500m', memory: '16Mi' } };
    await workload('inner', [{ name: 'idle', image: BUSYBOX, command: ['sleep', '100000'], resources }]);
    const target = utilization(35);
    await autoscaler('inner', {
      type: 'ContainerResource',
      containerResource: { name: 'cpu', container: 'main', target },
    });
    await turn('inner', { cpu: 'on' });
    await reaches('inner', 2);
    await turn('inner', { cpu: 'off' });
    await reaches('inner', 1);
  });
});

describe('kubectl top', () => {
  const BUSY_MILLI = 500;
  const SPAN_MS = 10_000;
  interface Figures {
    readonly timestamp: string;
    readonly window: string;
    readonly containers: readonly { readonly usage: { readonly cpu: string } }[];
  }

  it('says of a busy loop what the kernel counted, within a twentieth', async () => {
    const limits = { cpu: `${BUSY_MILLI}m` };
    const container = {
      command: ['sh', '-c', 'while :; do :; done'],
      resources: { requests: { cpu: '100m' }, limits },
    };
    await post(DEPLOYMENTS, deployment('busy', 1, {}, container));
    await rolledOut(cluster, 'busy');
    const [pod] = await podsOf(cluster, 'busy');
    const id = (pod?.status.containerStatuses?.[0]?.containerID ?? '').replace(/^\w+:\/\//, '');
    const kernel: { readonly at: number; readonly nanos: number }[] = [];
    const counted = (from: number, to: number): number =>
      (nanosAt(kernel, to) - nanosAt(kernel, from)) / (to - from) / 1000;
    const path = `/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/${pod?.metadata.name}`;
    const figures = await until(
      'ten seconds are measured',
      async () => {
        kernel.push({ at: Date.now(), nanos: processorNanos(id) });
        await sleep(200);
        return (await cluster.api.get(path)).json<Partial<Figures>>();
      },
      ({ timestamp = '', window = '' }) =>
        parseFloat(window) * 1000 >= SPAN_MS &&
        Date.parse(timestamp) - parseFloat(window) * 1000 > (kernel[0]?.at ?? Infinity),
      PATIENCE_S,
    );
    kernel.push({ at: Date.now(), nanos: processorNanos(id) });
    const to = Date.parse(figures.timestamp ?? '');
    const truth = counted(to - parseFloat(figures.window ?? '') * 1000, to);
    const said = milliOf(figures.containers?.[0]?.usage.cpu ?? '');
    expect({ said, isClose: Math.abs(said - truth) <= truth * 0.05, truth }).toMatchObject({ isClose: true });
    // On a machine with time to spare the loop gets all that it may.
    expect(truth).toBeLessThanOrEqual(BUSY_MILLI * 1.05);
    const [, printed = ''] = /^busy\S* +(\d+)m +\d+Mi/.exec(run('top', 'pod', '-l', 'app=busy', '--no-headers')) ?? [];
    expect(Math.abs(Number(printed) - truth)).toBeLessThanOrEqual(truth * 0.2);
    expect(run('top', 'node', '--no-headers')).toMatch(/^scaled +\d+m +\d+% +\d+Mi +\d+%/);
    expect((await cluster.api.call('DELETE', `${DEPLOYMENTS}/busy`)).status).toBe(200);
  });

  /** Between two readings the counter grew evenly. */
  function nanosAt(readings: readonly { readonly at: number; readonly nanos: number }[], at: number): number {
    const next = readings.findIndex((one) => one.at >= at);
    const [before, after] = [readings[Math.max(0, next - 1)], readings.at(next)];
    if (!before || !after || after.at === before.at) return after?.nanos ?? 0;
    return before.nanos + ((after.nanos - before.nanos) * (at - before.at)) / (after.at - before.at);
  }
  function milliOf(quantity: string): number {
    const units: Readonly<Record<string, number>> = { n: 1e-6, u: 1e-3, m: 1 };
    const unit = units[quantity.slice(-1)];
    return unit === undefined ? Number(quantity) * 1000 : Number(quantity.slice(0, -1)) * unit;
  }
  /** What the kernel counted of a container, found by its process. */
  function processorNanos(id: string): number {
    const pid = execFileSync('docker', ['inspect', '-f', '{{.State.Pid}}', id], { encoding: 'utf8' }).trim();
    const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
    const [v1] = groups.filter((line) => /^\d+:([\w,]*,)?cpuacct(,[\w,]*)?:/.test(line));
    if (v1 === undefined) {
      const stat = readFileSync(`/sys/fs/cgroup${groups[0]?.split(':')[2] ?? ''}/cpu.stat`, 'utf8');
      return Number(/^usage_usec (\d+)/m.exec(stat)?.[1]) * 1000;
    }
    const [, controllers = '', group = ''] = /^\d+:([\w,]+):(.*)$/.exec(v1) ?? [];
    const folder = [controllers, 'cpuacct']
      .map((name) => `/sys/fs/cgroup/${name}`)
      .find((one) => existsSync(one + group));
    return Number(readFileSync(`${folder ?? ''}${group}/cpuacct.usage`, 'utf8'));
  }
});
