import { pause } from '#engine';
import { parseCidr } from '#meta';
import type { KubeObject } from '#model';
import { RuntimeFault, type ContainerOwner } from '#ports';
import type { AgentOptions } from './options.js';
import { messageOf } from './pod-files.js';

const WAIT_MS = 5000;
const STEP_MS = 50;
const RETRY_MS = 1000;
const NO_RANGE =
  'the control plane has given this node no range of addresses for its pods: all may be given to other nodes, which events of this node say then';

/** Why pods have no addresses of IPv6 where the cluster has a range of it. */
export const NO_IPV6 =
  'pods of this node get no addresses of IPv6, for which the cluster has a range: IPv6 is missing in the kernel of this host, or disabled (net.ipv6.conf.all.disable_ipv6)';

/** The pods' ranges, as the control plane last said them. */
export interface NodeRanges {
  readonly podCidr?: string | undefined;
  readonly podCidrIpv6?: string | undefined;
}
/** Of IPv4, and perhaps of IPv6. */
type Ranges = readonly [string, string?];

export interface PreparationContext {
  /** The Node as the control plane last showed it. */
  readonly node: () => KubeObject | undefined;
  readonly isSynced: () => boolean;
  readonly isStopped: () => boolean;
  /** Why the pods' network cannot be used on this host; undefined: it can. */
  readonly conflict: () => Promise<string | undefined>;
  /** Bytes of the largest packet of pods; undefined: as the engine has it. */
  readonly mtu: () => Promise<number | undefined>;
  /** Called when {@link NodePreparation.problem} has changed. */
  readonly onProblem: () => void;
}

/** Makes what pods need once on a node: their network, in the range that the control plane gave it, and the infra image. */
export class NodePreparation {
  /** The pods' range, as the control plane last said it. */
  private range: string | undefined;
  /** The same of IPv6; undefined: there is none. */
  private rangeIpv6: string | undefined;
  /** The ranges that were prepared, `range` first. */
  private prepared: readonly string[] | undefined;
  private why: string | undefined;

  constructor(
    private readonly options: AgentOptions,
    private readonly context: PreparationContext,
  ) {}

  /** Why this node can run no pods; undefined while nothing is wrong. */
  get problem(): string | undefined {
    return this.why;
  }
  /** Nothing is left to do. A node that was removed and came back may have another range. */
  get isDone(): boolean {
    const given = this.given();
    return this.prepared !== undefined && (given === undefined || given.join() === this.prepared.join());
  }

  state(): NodeRanges {
    return { podCidr: this.range, podCidrIpv6: this.rangeIpv6 };
  }
  restore({ podCidr, podCidrIpv6 }: NodeRanges): void {
    this.range = podCidr;
    this.rangeIpv6 = podCidrIpv6;
  }

  /** Resolves to false when {@link problem} keeps the node from it; it is to be tried again later. */
  async prepare(owner: ContainerOwner): Promise<boolean> {
    const given = await this.awaited();
    if (given !== undefined) [this.range, this.rangeIpv6] = given;
    const { range } = this;
    if (this.context.isStopped()) return false;
    if (range === undefined) return this.refuse(NO_RANGE);
    const conflict = await this.context.conflict().catch(() => undefined);
    if (conflict !== undefined) return this.refuse(conflict);
    const mtu = await this.context.mtu().catch(() => undefined);
    const podCidrIpv6 = this.usableIpv6();
    for (let tries = 0; !this.context.isStopped(); tries++) {
      try {
        const ranges = { podCidr: range, ...(podCidrIpv6 !== undefined && { podCidrIpv6 }) };
        await this.options.runtime.prepare({ ...owner, ...ranges, ...(mtu !== undefined && { mtu }) });
        this.prepared = [range, ...(this.rangeIpv6 === undefined ? [] : [this.rangeIpv6])];
        this.tell(undefined);
        return true;
      } catch (error) {
        if (error instanceof RuntimeFault && error.reason === 'network') return this.refuse(error.message);
        if (tries % 10 === 0) this.options.log?.(`the container engine: ${messageOf(error)}; trying again`);
        await pause(this.options.clock, RETRY_MS);
      }
    }
    return false;
  }

  /** The range comes soon after the node was registered. */
  private async awaited(): Promise<Ranges | undefined> {
    const waitMs = this.why === undefined ? WAIT_MS : 0;
    for (let waited = 0; ; waited += STEP_MS) {
      const given = this.given();
      const isComing = this.context.node() !== undefined || this.context.isSynced();
      if (given !== undefined || !isComing || waited >= waitMs) return given;
      await pause(this.options.clock, STEP_MS);
    }
  }
  private given(): Ranges | undefined {
    const { podCIDR, podCIDRs = [] } = (this.context.node()?.spec ?? {}) as {
      readonly podCIDR?: string;
      readonly podCIDRs?: readonly string[];
    };
    const second = podCIDRs.find((cidr) => parseCidr(cidr)?.address.family === 'IPv6');
    if (podCIDR === undefined) return undefined;
    return second === undefined || second === podCIDR ? [podCIDR] : [podCIDR, second];
  }
  /** Said once: the node goes on with IPv4. */
  private usableIpv6(): string | undefined {
    const { node, log } = this.options;
    if (node.ipv6 !== undefined) return this.rangeIpv6;
    if (this.rangeIpv6 !== undefined && this.prepared === undefined) log?.(NO_IPV6);
    return undefined;
  }
  private refuse(why: string): false {
    this.tell(why);
    return false;
  }
  private tell(why: string | undefined): void {
    if (this.why === why) return;
    this.why = why;
    if (why !== undefined) this.options.log?.(`${why}: the node is not ready`);
    this.context.onProblem();
  }
}
