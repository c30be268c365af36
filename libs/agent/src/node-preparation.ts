import { pause } from '#engine';
import type { KubeObject } from '#model';
import { RuntimeFault, type ContainerOwner } from '#ports';
import type { AgentOptions } from './options.js';
import { messageOf } from './pod-files.js';

const WAIT_MS = 5000;
const STEP_MS = 50;
const RETRY_MS = 1000;
const NO_RANGE =
  'the control plane has given this node no range of addresses for its pods: all may be given to other nodes, which events of this node say then';

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
  range: string | undefined;
  /** The range that was prepared. */
  private prepared: string | undefined;
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
    return this.prepared !== undefined && (given === undefined || given === this.prepared);
  }

  /** Resolves to false when {@link problem} keeps the node from it; it is to be tried again later. */
  async prepare(owner: ContainerOwner): Promise<boolean> {
    this.range = (await this.awaited()) ?? this.range;
    const { range } = this;
    if (this.context.isStopped()) return false;
    if (range === undefined) return this.refuse(NO_RANGE);
    const conflict = await this.context.conflict().catch(() => undefined);
    if (conflict !== undefined) return this.refuse(conflict);
    const mtu = await this.context.mtu().catch(() => undefined);
    for (let tries = 0; !this.context.isStopped(); tries++) {
      try {
        await this.options.runtime.prepare({ ...owner, podCidr: range, ...(mtu !== undefined && { mtu }) });
        this.prepared = range;
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
  private async awaited(): Promise<string | undefined> {
    const waitMs = this.why === undefined ? WAIT_MS : 0;
    for (let waited = 0; ; waited += STEP_MS) {
      const given = this.given();
      const isComing = this.context.node() !== undefined || this.context.isSynced();
      if (given !== undefined || !isComing || waited >= waitMs) return given;
      await pause(this.options.clock, STEP_MS);
    }
  }
  private given(): string | undefined {
    return (this.context.node()?.spec as { readonly podCIDR?: string } | undefined)?.podCIDR;
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
