import { Recurrences } from '#engine';
import { podNetwork } from '#loops';
import { firstHost } from '#meta';
import { NODE_PLACES, parseStream, type KubeObject, type PodPath, type PodWay } from '#model';
import { jsonEquals, type Json } from '#std';
import type { ContainerOwner, PathFailure, PodNetwork } from '#ports';
import type { Assigned } from './assigned.js';
import { DueWork } from './due-work.js';
import { NO_IPV6 } from './node-preparation.js';
import type { AgentOptions } from './options.js';
import { messageOf } from './pod-files.js';
import { PathProbing } from './path-probing.js';
import type { Reporter } from './reporter.js';

/** So long the path to a deleted Node stays: as long as a pod has to end by default. */
const LEAVING_MS = 30_000;

export interface PodNetworkingContext {
  /** Undefined until the pods of this node have their network. */
  readonly owner: () => ContainerOwner | undefined;
  readonly reporter: Pick<Reporter, 'ofNode'>;
  readonly node: () => KubeObject | undefined;
  /** Called when {@link PodNetworking.condition} may have changed. */
  readonly onChange: () => void;
}

/**
 * Keeps the paths to the pods of other nodes as the nodes of the cluster ask for, and mends them when somebody else has changed them.
 * The path to a deleted Node stays for {@link LEAVING_MS}: services may still lead to its pods for a moment, and connections that have
 * begun are left to end.
 * What was made stays while the agent is away, and until the control plane has told it of all nodes again: what it remembers of them
 * may be less than there is.
 */
export class PodNetworking {
  private readonly peers = new Map<string, podNetwork.Peer>();
  /** Nodes that were deleted, and until when on the monotonic clock their paths stay; in the order of these times. */
  private readonly leaving = new Map<string, { readonly peer: podNetwork.Peer; readonly until: number }>();
  private cancelLook: (() => void) | undefined;
  private readonly troubles = new Recurrences();
  /** This agent has looked since it knows of all nodes. */
  private wasSynced = false;
  private paths: readonly PodPath[] = [];
  private failure: string | undefined;
  private isKnown = false;
  private stopped = false;
  private readonly due: DueWork;
  /** Undefined: nobody asks by which ways packets pass. */
  private readonly probing: PathProbing | undefined;
  /** By ranges that are not followed yet: the ways that an earlier life of the agent made. */
  private made: Map<string, PodWay> | undefined;

  constructor(
    private readonly options: AgentOptions,
    private readonly assigned: Pick<Assigned, 'object' | 'knowsShared' | 'isSynced' | 'podCidr' | 'podCidrIpv6'>,
    private readonly context: PodNetworkingContext,
  ) {
    this.due = new DueWork({ clock: options.clock, work: () => this.work() });
    const { clock, network, log } = options;
    const onChange = (): void => this.look();
    if (network?.prober && network.mode === 'auto')
      this.probing = new PathProbing({ clock, prober: network.prober, onChange, log });
  }

  /** Of the node: how the pods of others are reached; undefined while that is not known, or not this agent's business. */
  get condition(): podNetwork.NetworkCondition | undefined {
    const { network } = this.options;
    const { isKnown, hasOthers, paths, failure } = this;
    if (!network || (!isKnown && failure === undefined)) return undefined;
    const said = podNetwork.networkCondition({ insistsOnVxlan: network.mode === 'vxlan', hasOthers, paths, failure });
    const isMissed = this.assigned.podCidrIpv6 !== undefined && this.options.node.ipv6 === undefined;
    return isMissed ? { ...said, message: `${said.message}; ${NO_IPV6}` } : said;
  }
  private get hasOthers(): boolean {
    const { name, internalIp } = this.options.node;
    for (const peer of this.peers.values()) if (peer.name !== name && peer.address !== internalIp) return true;
    return false;
  }

  /** Bytes of the largest packet of pods; undefined: as the engine has it. Rejects where the host's networks cannot be read. */
  async mtu(): Promise<number | undefined> {
    const { network, node } = this.options;
    return network && podNetwork.podMtu(await network.router.host(), node.internalIp, network.mode);
  }
  /** Why the network of all pods cannot be used on this host; undefined: it can, or nobody knows. */
  async conflict(): Promise<string | undefined> {
    const { network } = this.options;
    const { podCidr } = this.assigned;
    if (!network || podCidr === undefined) return undefined;
    return podNetwork.rangeConflict(podCidr, await network.router.host());
  }

  /** Streams of objects that changed. */
  take(streams: readonly string[]): void {
    const { isSynced } = this.assigned;
    let isChanged = isSynced !== this.wasSynced;
    this.wasSynced = isSynced;
    for (const stream of streams) {
      const { kind, name } = parseStream(stream);
      if (kind !== NODE_PLACES) continue;
      const place = this.assigned.object(stream);
      const peer = place && podNetwork.peerOf(place);
      const known = this.peers.get(name);
      if (jsonEquals((known ?? null) as Json, (peer ?? null) as Json)) continue;
      this.leaving.delete(name);
      if (peer) this.peers.set(name, peer);
      else this.peers.delete(name);
      if (known && !peer) this.leave(known);
      isChanged = true;
    }
    if (isChanged) this.look();
  }
  private leave(peer: podNetwork.Peer): void {
    const { clock } = this.options;
    this.leaving.set(peer.name, { peer: { ...peer, isLeaving: true }, until: clock.monotonic() + LEAVING_MS });
    this.lookWhenLeft();
  }
  private lookWhenLeft(): void {
    const { clock } = this.options;
    this.cancelLook?.();
    this.cancelLook = undefined;
    const [first] = this.leaving.values();
    if (!first || this.stopped) return;
    this.cancelLook = clock.after(Math.max(0, first.until - clock.monotonic()), () => this.look());
  }
  /** Looks whether all is there that should be, and mends what is not. */
  look(): void {
    if (this.options.network) this.due.look();
  }
  /** What was made stays: pods go on without the agent. */
  stop(): void {
    this.stopped = true;
    this.due.stop();
    this.probing?.stop();
    this.cancelLook?.();
  }

  private async work(): Promise<void> {
    const before = JSON.stringify(this.condition);
    try {
      await this.carryOut();
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      if (this.hasOthers) this.say(`pods of other nodes are not reached: ${this.failure}`);
      throw error;
    } finally {
      if (JSON.stringify(this.condition) !== before) this.context.onChange();
    }
  }
  private async carryOut(): Promise<void> {
    const { network, node, runtime } = this.options;
    const { podCidr, knowsShared, isSynced } = this.assigned;
    const owner = this.context.owner();
    if (!network || !owner || !knowsShared || podCidr === undefined) return;
    const pods = await runtime.podNetwork();
    if (!pods) return;
    const host = await network.router.host();
    const own = { addresses: host.addresses, routes: host.routes.filter(({ device }) => device !== pods.bridge) };
    const { probing } = this;
    const made = (this.made ??= new Map(probing && (await network.router.ways(owner))));
    const place = {
      node: node.name,
      address: node.internalIp,
      podCidr: pods.cidr,
      clusterCidr: podCidr,
      mode: network.mode,
      host: own,
      choice: probing && ((peer: podNetwork.Peer) => probing.choice(peer, made.get(peer.podCidr))),
    };
    const peers = [...this.peers.values(), ...this.stillLeaving()];
    const { paths, problems } = podNetwork.planPaths(peers, place);
    this.paths = paths;
    const second = this.planIpv6(peers, pods);
    const ipv6 = second && { podCidr: second.podCidr, paths: second.paths };
    const plan = { ...owner, pods, podCidr, address: node.internalIp, paths, isWhole: isSynced, ...(ipv6 && { ipv6 }) };
    const applied = await network.router.apply(plan);
    const failures = applied.filter(({ isSpare }) => !isSpare);
    // Where none of several can be made, it is this node that cannot.
    const [first] = failures;
    if (first && failures.length > 1 && failures.length === paths.length && !ipv6) throw new Error(first.why);
    this.failure = undefined;
    this.isKnown = true;
    await this.follow(firstHost(pods.cidr) ?? '', paths, applied);
    for (const problem of [...problems, ...(second?.problems ?? [])]) this.say(problem);
    const hidden = podNetwork.serviceConflict(own);
    if (hidden !== undefined) this.say(hidden, 'ServiceNetworkConflict');
    for (const { node: name, why } of failures) this.say(`pods of node ${name} are not reached: ${why}`);
  }
  /** Asks by what was made. */
  private async follow(own: string, paths: readonly PodPath[], failures: readonly PathFailure[]): Promise<void> {
    const withoutSpare = new Set(failures.flatMap(({ node, isSpare }) => (isSpare ? [node] : [])));
    const there = paths.map(({ spare, ...path }) =>
      spare && !withoutSpare.has(path.node) ? { ...path, spare } : path,
    );
    for (const { podCidr } of paths) this.made?.delete(podCidr);
    const trouble = failures.find(({ isSpare }) => isSpare);
    if (trouble) this.note(`the other way to pods of node ${trouble.node} cannot be made: ${trouble.why}`);
    try {
      await this.probing?.follow(own, there);
    } catch (error) {
      this.note(`nodes are not asked by which ways packets of pods pass: ${messageOf(error)}`);
    }
  }
  private note(message: string): void {
    if (this.troubles.add(message)) this.options.log?.(message);
  }
  private planIpv6(
    peers: readonly podNetwork.Peer[],
    pods: PodNetwork,
  ): (podNetwork.PathPlan & { readonly podCidr: string }) | undefined {
    const { network, node } = this.options;
    const { podCidrIpv6: podCidr } = this.assigned;
    if (!network || podCidr === undefined || pods.cidrIpv6 === undefined) return undefined;
    const place = { podCidr: pods.cidrIpv6, clusterCidr: podCidr, mode: network.mode, ...node.ipv6 };
    return { podCidr, ...podNetwork.planIpv6Paths(peers, this.paths, place) };
  }
  private stillLeaving(): readonly podNetwork.Peer[] {
    const now = this.options.clock.monotonic();
    for (const [name, { until }] of this.leaving) if (until <= now) this.leaving.delete(name);
    this.lookWhenLeft();
    return [...this.leaving.values()].map(({ peer }) => peer);
  }
  private say(message: string, reason = 'PodNetworkFailed'): void {
    this.note(message);
    this.context.reporter.ofNode(this.context.node(), { type: 'Warning', reason, message });
  }
}
