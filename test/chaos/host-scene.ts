import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '../support/api-client.js';
import { HostCluster } from '../support/hosts/host-cluster.js';
import type { Host } from '../support/hosts/host.js';
import { Load, type LoadOptions, type Outcome, type Target } from '../support/hosts/load.js';
import { BUSYBOX, until, type EngineContainer } from '../support/test-cluster.js';
import { deployment, DEPLOYMENTS, FOREVER, PODS, type PodStatus } from '../support/workloads.js';

const SERVICES = '/api/v1/namespaces/default/services';
/** Ten services of six pods each; pods of the last two have names of their own and must not run twice. */
export const DEPLOYED = Array.from({ length: 8 }, (_, i) => `web-${i}`);
export const FENCED = ['db-0', 'db-1'];
export const REPLICAS = 6;
const FENCED_PODS = FENCED.flatMap((name) => Array.from({ length: REPLICAS }, (_, i) => `${name}-${i}`));
/** The variable by which a process on the machine is known to be of such a pod; its infra container does not have it. */
export const FENCED_MARK = 'CHAOS_FENCED_POD';
const FENCE_AFTER = '8s';
const KEEP_MS = 1_000;
const PORT = 8080;
const FIRST_NODE_PORT = 30_100;
/** A request that is not answered for so long is lost. */
export const PATIENCE_MS = 5_000;
const LOAD: Pick<LoadOptions, 'everyMs' | 'patienceMs'> = { everyMs: 500, patienceMs: PATIENCE_MS };
const START_SECONDS = 400;
const REMOVE_SECONDS = 180;
/** Ends at once when it is told to, as a program that has no patience for clients. */
const SERVE =
  'mkdir -p /tmp/www; hostname > /tmp/www/index.html; trap "exit 0" TERM; httpd -f -p 8080 -h /tmp/www & wait';

/** A request that was not answered, and where it came from. */
export interface Lost {
  readonly client: string;
  readonly target: string;
  readonly startedAt: number;
  readonly why: string;
}

/** A cluster on test hosts with 60 pods behind ten services, and clients in it and outside that ask each of them all the time. */
export class HostScene {
  private readonly loads = new Map<string, Load>();
  private keeping = false;
  private kept: Promise<void> = Promise.resolve();
  readonly api: ApiClient;
  readonly home: string;

  private constructor(readonly hosts: HostCluster) {
    this.api = new ApiClient(hosts.kubeconfig);
    this.home = hosts.home;
  }

  static async start(nodes: number): Promise<HostScene> {
    const hosts = await HostCluster.start({ nodes });
    try {
      await hosts.nodesReady();
      return new HostScene(hosts);
    } catch (cause) {
      await hosts.stop();
      throw cause;
    }
  }

  get nodes(): readonly Host[] {
    return this.hosts.nodes;
  }

  /** A pod has run on each host, and went: what an agent makes for its first pod is there, and stays. */
  async warm(): Promise<void> {
    for (const { name } of this.nodes) await this.create(PODS, clientPod(name));
    await this.readyPods(this.nodes.length);
    await this.removeAll(this.nodes.map(({ name }) => `${PODS}/${clientOf(name)}`));
  }

  /** Resolves when all pods are ready and all clients ask. */
  async fill(): Promise<void> {
    for (const [i, name] of [...DEPLOYED, ...FENCED].entries()) {
      const ports = [{ port: 80, targetPort: PORT, nodePort: FIRST_NODE_PORT + i }];
      await this.create(SERVICES, {
        ...{ apiVersion: 'v1', kind: 'Service', metadata: { name } },
        spec: { type: 'NodePort', selector: { app: name }, ports },
      });
    }
    for (const name of DEPLOYED) await this.create(DEPLOYMENTS, workload(name));
    this.keeping = true;
    this.kept = this.keepFenced();
    for (const { name } of this.nodes) await this.create(PODS, clientPod(name));
    await this.readyPods((DEPLOYED.length + FENCED.length) * REPLICAS + this.nodes.length);
    await this.startOutside();
    for (const host of this.nodes) await this.startInside(host);
  }

  /** The client on a host asks again after the host was off: its pod is a new one, which waits for no back-off. */
  async restartInside(host: Host): Promise<void> {
    this.loads.delete(host.name);
    const path = `${PODS}/${clientOf(host.name)}`;
    await until(
      'the client is gone',
      () => this.api.call('DELETE', `${path}?gracePeriodSeconds=0`),
      ({ status }) => status === 404,
    );
    await this.create(PODS, clientPod(host.name));
    await this.startInside(host);
  }

  /** What became of all requests, by client. */
  async outcomes(): Promise<ReadonlyMap<string, readonly Outcome[]>> {
    const of = async ([client, load]: [string, Load]): Promise<[string, readonly Outcome[]]> => [
      client,
      load.isRunning ? await load.outcomes() : [],
    ];
    return new Map(await Promise.all([...this.loads].map(of)));
  }
  async lostSince(atMs: number): Promise<readonly Lost[]> {
    return [...(await this.outcomes())].flatMap(([client, all]) =>
      all.flatMap(({ name: target, losses }) =>
        losses.filter((one) => one.startedAt >= atMs).map(({ startedAt, why }) => ({ client, target, startedAt, why })),
      ),
    );
  }

  async pods(): Promise<readonly PodStatus[]> {
    return (await this.api.get(PODS)).json<{ readonly items?: readonly PodStatus[] }>().items ?? [];
  }
  /** Containers on a host; none when it is off or its engine does not answer. */
  async containers(host: Host, { stopped = false } = {}): Promise<readonly EngineContainer[]> {
    if (!host.isOn) return [];
    const { body } = await host.engine('GET', `/containers/json?all=${stopped ? 1 : 0}`);
    return body as readonly EngineContainer[];
  }

  /** Makes pods with names of their own again once they are gone, as an operator does. */
  private async keepFenced(): Promise<void> {
    while (this.keeping) {
      await this.makeMissing().catch(() => undefined);
      await sleep(KEEP_MS);
    }
  }

  private async makeMissing(): Promise<void> {
    const present = new Set((await this.pods()).map(({ metadata }) => metadata.name));
    for (const name of FENCED_PODS.filter((one) => !present.has(one)))
      await this.api.call('POST', PODS, { body: fenced(name), timeoutMs: 5_000 });
  }

  /** Removes all that `fill` made. */
  async empty(): Promise<void> {
    for (const load of this.loads.values()) await load.stop();
    this.loads.clear();
    this.keeping = false;
    await this.kept;
    const paths = [
      ...[...DEPLOYED, ...FENCED].map((name) => `${SERVICES}/${name}`),
      ...[...DEPLOYED, 'afterwards'].map((name) => `${DEPLOYMENTS}/${name}`),
      ...FENCED_PODS.map((name) => `${PODS}/${name}`),
      ...this.nodes.map(({ name }) => `${PODS}/${clientOf(name)}`),
    ];
    await this.removeAll(paths);
  }

  async remove(): Promise<void> {
    this.keeping = false;
    await this.kept;
    this.api.close();
    for (const [client, load] of this.loads) if (client === OUTSIDE) await load.stop().catch(() => undefined);
    await this.hosts.stop();
  }

  private async startOutside(): Promise<void> {
    const socket = join(this.hosts.control.folder, 'load.sock');
    const targets = this.nodes.flatMap(({ name: node, address }) =>
      [...DEPLOYED, ...FENCED].map((name, i): Target => ({
        name: `${name} by the port of ${node}`,
        ...{ host: address, port: FIRST_NODE_PORT + i },
      })),
    );
    this.loads.set(OUTSIDE, await Load.startOutside({ ...LOAD, everyMs: LOAD.everyMs * 2, socket, targets }));
  }
  private async startInside(host: Host): Promise<void> {
    const services = (await this.api.get(SERVICES)).json<{ readonly items: readonly ShownService[] }>().items;
    const targets = services
      .filter(({ metadata }) => [...DEPLOYED, ...FENCED].includes(metadata.name))
      .flatMap(({ metadata: { name }, spec }): readonly Target[] => [
        { name: `${name} by its address`, host: spec.clusterIP, port: 80 },
        { name: `${name} by its name`, host: `${name}.default.svc.cluster.local`, port: 80 },
      ]);
    const pid = await until(
      `the client on ${host.name} runs`,
      () => this.networkOf(host),
      (found) => found > 0,
      90,
    );
    const socket = join(host.folder, 'load.sock');
    this.loads.set(host.name, await Load.start(host, { ...LOAD, socket, targets }, pid));
  }

  /**
   * Id, on its host, of the process that holds the network of the client's pod; 0 when it does not run. The pod is known by its
   * uid: a host that was off may still hold one of the same name that is gone.
   */
  private async networkOf(host: Host): Promise<number> {
    const { metadata } = (await this.api.get(`${PODS}/${clientOf(host.name)}`)).json<PodStatus>();
    const holder = (await this.containers(host)).find(
      ({ Labels }) => Labels['io.shiplog.pod.uid'] === metadata.uid && Labels['io.shiplog.container.role'] === 'infra',
    );
    if (!holder) return 0;
    const { body } = await host.engine('GET', `/containers/${holder.Id}/json`);
    return (body as { readonly State: { readonly Pid: number } }).State.Pid;
  }

  private async readyPods(count: number): Promise<void> {
    await until(
      'all pods are Ready',
      async () => (await this.pods()).filter(isReady).length,
      (ready) => ready === count,
      START_SECONDS,
    );
  }
  /** Removes objects through the API, and waits until no container is left. */
  private async removeAll(paths: readonly string[]): Promise<void> {
    for (const path of paths) await this.api.call('DELETE', `${path}?propagationPolicy=Background`);
    await until(
      'no container is left',
      async () => (await Promise.all(this.nodes.map((host) => this.containers(host, { stopped: true })))).flat(),
      (all) => all.length === 0,
      REMOVE_SECONDS,
    );
  }
  private async create(path: string, body: object): Promise<void> {
    const answer = await this.api.call('POST', path, { body });
    if (answer.status !== 201) throw new Error(`${path} is answered ${answer.status} ${answer.body.toString()}`);
  }
}

const OUTSIDE = 'outside';

interface ShownService {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly clusterIP: string };
}

export function isReady({ metadata, status }: PodStatus): boolean {
  const is = status.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') === true;
  return is && metadata.deletionTimestamp === undefined;
}

function clientOf(host: string): string {
  return `client-${host}`;
}
function clientPod(node: string): object {
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: clientOf(node), labels: { app: 'client' } } },
    spec: {
      ...{ nodeName: node, terminationGracePeriodSeconds: 1, tolerations: [{ operator: 'Exists' }] },
      containers: [{ name: 'main', image: BUSYBOX, command: FOREVER }],
    },
  };
}

interface Workload {
  readonly spec: {
    readonly template: { readonly metadata: object; readonly spec: { readonly containers: readonly object[] } };
  };
}

function workload(name: string): Workload {
  const container = {
    command: ['sh', '-c', SERVE],
    readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
    lifecycle: { preStop: { exec: { command: ['sleep', '1'] } } },
  };
  const body = deployment(name, REPLICAS, {}, container) as Workload;
  const spread = {
    ...{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
    labelSelector: { matchLabels: { app: name } },
  };
  Object.assign(body.spec.template.spec, { topologySpreadConstraints: [spread] });
  return body;
}
/** A pod of a service: `db-1-3` is of `db-1`. */
function fenced(name: string): object {
  const { template } = workload(name.slice(0, name.lastIndexOf('-'))).spec;
  const annotations = { 'shiplog.io/fence-after': FENCE_AFTER };
  const [container] = template.spec.containers;
  const env = [{ name: FENCED_MARK, value: name }];
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { ...template.metadata, name, annotations },
    spec: { ...template.spec, terminationGracePeriodSeconds: 2, containers: [{ ...container, env }] },
  };
}
