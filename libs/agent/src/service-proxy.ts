import { Recurrences } from '#engine';
import { endpointSlices, nodes, services, type Node, type Service } from '#kinds';
import { addressPool, serviceProxy, type kubelet } from '#loops';
import { NODE_PLACES, parseStream, type KubeObject } from '#model';
import type { ContainerOwner, ServiceDataplane } from '#ports';
import { DueWork } from './due-work.js';
import type { AgentOptions, ServiceProxyOptions } from './options.js';
import type { Reporter } from './reporter.js';

const ZONE_LABEL = 'topology.kubernetes.io/zone';

export interface ServiceProxyContext {
  /** Undefined until the cluster is known. */
  readonly owner: () => ContainerOwner | undefined;
  readonly loadBalancerPool: () => string | undefined;
  readonly reporter: Reporter;
}

/**
 * Keeps the data plane of services as the Services and EndpointSlices that this node was told of say. Changes that come while
 * others are carried out go together. What could not be carried out is tried again as a whole, later and later; meanwhile the
 * data plane leads where it last did, as it does while the agent is away.
 */
export class ServiceProxy {
  private readonly services: ServiceProxyOptions | undefined;
  private readonly table: serviceProxy.ServiceTable;
  private readonly troubles = new Recurrences();
  /** Undefined until it is open. */
  private dataplane: ServiceDataplane | undefined;
  /** The data plane has all that the table has, but for the changes that the table has not given out. */
  private isWhole = false;
  private stopped = false;
  private readonly due: DueWork;
  /** What was said of services that are too large to be led whole. */
  private limits: ReadonlySet<string> = new Set();
  /** Ends with the last call to the server of health checks: they come one after the other. */
  private answering: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: AgentOptions,
    private readonly objects: kubelet.Objects,
    private readonly context: ServiceProxyContext,
  ) {
    this.services = options.services;
    this.table = new serviceProxy.ServiceTable(this.place());
    this.due = new DueWork({ clock: options.clock, work: () => this.work() });
  }

  /** Streams of objects that changed. */
  take(streams: readonly string[]): void {
    if (!this.services) return;
    for (const stream of streams) {
      const { kind, namespace = '', name } = parseStream(stream);
      if (kind === services.id) this.table.putService(namespace, name, this.led(namespace, name) as never);
      else if (kind === endpointSlices.id)
        this.table.putSlice(namespace, name, this.objects.get(endpointSlices, namespace, name) as never);
      else if (kind === NODE_PLACES)
        this.table.putNode(name, this.objects.get({ id: NODE_PLACES }, undefined, name) as Node | undefined);
    }
    this.due.look();
  }
  /** Cluster DNS is answered by the agent itself at its address: leading there would be a circle. */
  private led(namespace: string, name: string): Service | undefined {
    const service = this.objects.get(services, namespace, name) as Service | undefined;
    const { nameServer, node } = this.options;
    const isOwn = nameServer !== undefined && node.clusterDns.includes(service?.spec.clusterIP ?? '');
    return isOwn ? undefined : service;
  }
  /** Somebody else on the machine may have taken away what was made. */
  async check(): Promise<void> {
    if (!this.services || !this.isWhole || this.due.isRunning || this.stopped) return;
    if (!(await this.dataplane?.check().catch(() => true))) {
      this.dataplane = undefined;
      this.isWhole = false;
      this.options.log?.('the rules of services are gone: making them again');
    }
    // Where they are not: what the data plane kept for a while may go, and ports that somebody else had may be free by now.
    this.due.look();
  }
  /** What was made stays: services go on without the agent. */
  stop(): Promise<void> {
    this.stopped = true;
    this.due.stop();
    return this.answering.then(() => this.services?.health?.stop());
  }

  private async work(): Promise<void> {
    try {
      await this.carryOut();
      await this.answerHealth(this.isWhole);
      this.troubles.clear('data plane');
    } catch (error) {
      this.dataplane = undefined;
      this.isWhole = false;
      this.say(wordsOf(error));
      await this.answerHealth(false);
      throw error;
    }
  }
  private async carryOut(): Promise<void> {
    const { services, context, table } = this;
    const owner = context.owner();
    if (!services || !owner) return;
    const dataplane = (this.dataplane ??= await this.open(services, owner));
    if (!dataplane) return;
    table.move(this.place());
    const changes = table.changes();
    if (!this.isWhole) await dataplane.replace(table.all());
    else await dataplane.apply(changes);
    this.isWhole = true;
    this.tellLimits();
  }
  private tellLimits(): void {
    for (const message of this.table.limits) {
      if (this.limits.has(message)) continue;
      this.options.log?.(message);
      const incident = { type: 'Warning', reason: 'ServiceTooLarge', message } as const;
      this.context.reporter.ofNode(this.node(), incident);
    }
    this.limits = new Set(this.table.limits);
  }
  /** Where the data plane is not as it should be, a load balancer is to send its clients to other nodes. */
  private answerHealth(isHealthy: boolean): Promise<void> {
    return (this.answering = this.answering.then(() => this.answerHealthNow(isHealthy)));
  }
  private async answerHealthNow(isHealthy: boolean): Promise<void> {
    const { health, dataplanes = [] } = this.services ?? {};
    if (!health || dataplanes.length === 0 || this.stopped) return;
    const unserved = await health.serve(this.table.healthChecks(), isHealthy);
    if (unserved.length === 0) this.troubles.clear('health');
    for (const { port, service, why } of unserved) {
      const message = `node ${this.options.node.name} failed to start healthcheck "${service}" on port ${port}: ${why}`;
      if (this.troubles.add('health')) this.options.log?.(message);
      const incident = { type: 'Warning', reason: 'FailedToStartServiceHealthcheck', message } as const;
      this.context.reporter.ofNode(this.node(), incident);
    }
  }
  /** The first that the node can have, and nothing of the others. Throws when it can have none. */
  private async open(services: ServiceProxyOptions, owner: ContainerOwner): Promise<ServiceDataplane | undefined> {
    const { dataplanes, unused = [] } = services;
    const pods = await this.options.runtime.podNetwork();
    let chosen: ServiceDataplane | undefined;
    for (const dataplane of dataplanes) {
      try {
        await dataplane.open({ ...owner, pods });
        chosen = dataplane;
        break;
      } catch (error) {
        const next = dataplanes[dataplanes.indexOf(dataplane) + 1];
        if (!next) throw error;
        this.say(`${wordsOf(error)}; going on with mode ${next.mode}`);
      }
    }
    for (const other of [...dataplanes, ...unused])
      if (other !== chosen) await other.remove(owner).catch(() => undefined);
    return chosen;
  }
  private node(): KubeObject | undefined {
    return this.objects.get(nodes, undefined, this.options.node.name);
  }
  private place(): serviceProxy.ProxyPlace {
    const zone = this.node()?.metadata.labels?.[ZONE_LABEL];
    const text = this.context.loadBalancerPool();
    const pool = text === undefined ? undefined : addressPool(text);
    return {
      node: this.options.node.name,
      zone,
      redirect: this.services?.redirect?.(),
      pool: typeof pool === 'object' ? pool : undefined,
    };
  }
  private say(message: string): void {
    const text = `services are not reachable on this node as they should be: ${message}`;
    if (this.troubles.add('data plane')) this.options.log?.(text);
    this.context.reporter.ofNode(this.node(), { type: 'Warning', reason: 'ServiceProxyFailed', message: text });
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
