import { Recurrences } from '#engine';
import { networkPolicies, type NetworkPolicy } from '#kinds';
import { networkPolicy } from '#loops';
import { parseStream, PEER_GROUPS, type KubeObject, type PolicyChanges } from '#model';
import type { Pod } from '#pod';
import type { ContainerOwner, PolicyDataplane } from '#ports';
import type { Assigned } from './assigned.js';
import { DueWork } from './due-work.js';
import type { AgentOptions } from './options.js';
import type { Reporter } from './reporter.js';

export interface NetworkPoliciesContext {
  readonly owner: () => ContainerOwner | undefined;
  /** All that this node is to run was found on it, or is known not to be there: whoever has no rules then is to have none. */
  readonly isReady: () => boolean;
  readonly node: () => KubeObject | undefined;
  readonly reporter: Pick<Reporter, 'ofNode' | 'incident'>;
}

/**
 * Keeps the rules for this node's pods as NetworkPolicies say, and a pod's containers from starting before its rules are in force. Where
 * the node cannot enforce any, pods start without, and events of the node and of each pod say so. Rules that cannot be changed stay
 * as they were; pods that need others wait. What was made stays while the agent is away.
 */
export class NetworkPolicies {
  private readonly table = new networkPolicy.PolicyTable();
  private readonly troubles = new Recurrences();
  private readonly waiting: { readonly pod: Pod; readonly resolve: (problem?: string) => void }[] = [];
  /** Uids of pods that were said to be open although a policy isolates them. */
  private readonly toldOpen = new Set<string>();
  private isOpen = false;
  /** The data plane has all that the table has shown. */
  private isWhole = false;
  /** Until the control plane spoke: what is known of before is in force beside what was there; undefined: it was never tried. */
  private isAdded: boolean | undefined;
  /** Addresses that got other rules by what happened in this life, until the control plane spoke. */
  private readonly changed = new Set<string>();
  /** Addresses whose datagrams are to be judged anew. What the first look shows ran before: its flows go on. */
  private readonly fresh = new Set<string>();
  private hasLooked = false;
  /** Nothing is left of earlier lives. */
  private isCleared = false;
  /** This node cannot enforce policies. */
  private isRefused = false;
  /** Why rules are not as they should be; undefined: they are, or will be soon. */
  private failure: string | undefined;
  /** All that the control plane said first is known here. */
  isTold = false;
  /** Something was taken that no look was asked for. */
  private isNoted = false;
  private stopped = false;
  private readonly due: DueWork;

  constructor(
    private readonly options: AgentOptions,
    private readonly assigned: Pick<Assigned, 'object'>,
    private readonly context: NetworkPoliciesContext,
  ) {
    this.due = new DueWork({
      clock: options.clock,
      work: () => this.work(),
      mayGo: () => this.isCleared || context.isReady(),
    });
  }

  /** Streams of objects that changed. They are only noted: {@link settle} follows, once the pods that came with them are put. */
  take(streams: readonly string[]): void {
    for (const stream of streams) {
      const { kind, namespace = '', name } = parseStream(stream);
      if (kind === networkPolicies.id)
        this.table.putPolicy(namespace, name, this.assigned.object(stream) as NetworkPolicy | undefined);
      else if (kind === PEER_GROUPS) this.table.putSlice(namespace, name, membersOf(this.assigned.object(stream)));
      else continue;
      this.isNoted = true;
    }
  }
  /** All of one piece of news of the control plane was taken and put: no rule is to show a part of it. */
  settle(): void {
    this.isTold = true;
    if (this.isNoted || this.due.isDue || !this.isCleared) this.look();
    this.isNoted = false;
  }
  /** A pod of this node and the addresses of its sandbox that runs; none: it has no sandbox. */
  put(pod: Pod, addresses: readonly string[]): void {
    const isOwn = pod.spec.hostNetwork !== true && addresses.length > 0;
    const isChanged = this.table.putPod(pod.metadata.uid, isOwn ? { pod, addresses } : undefined);
    if (isChanged || this.due.isDue || !this.isCleared) this.look();
  }
  forget(uid: string): void {
    this.toldOpen.delete(uid);
    if (this.table.putPod(uid, undefined)) this.look();
  }
  /** Why containers of a pod may not start yet; undefined once its rules are in force, or none are needed. */
  async problem(pod: Pod): Promise<string | undefined> {
    if (!this.options.policies || pod.spec.hostNetwork === true || this.stopped) return undefined;
    // Only who carries changes out may ask the table for them: what is taken from it otherwise is lost.
    if (this.failure !== undefined) return this.answer(pod, this.failure);
    return new Promise((resolve) => {
      this.waiting.push({ pod, resolve });
      this.look();
    });
  }
  /** Looks whether something is due, and whether somebody else has taken away what was made. */
  async check(): Promise<void> {
    const { policies } = this.options;
    if (
      (this.isWhole || this.isAdded) &&
      !this.due.isRunning &&
      policies &&
      !(await policies.check().catch(() => true))
    ) {
      this.isOpen = this.isWhole = this.isAdded = false;
      this.options.log?.('the rules of NetworkPolicies are gone: making them again');
    }
    this.look();
  }
  stop(): void {
    this.stopped = true;
    this.due.stop();
    for (const { resolve } of this.waiting.splice(0)) resolve();
  }

  private look(): void {
    if (this.options.policies) this.due.look();
  }
  private async work(): Promise<void> {
    const { policies } = this.options;
    if (!policies) return;
    const waiting = this.waiting.splice(0);
    try {
      await this.carryOut(policies);
      this.failure = undefined;
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      this.isWhole = false;
      this.failure = error instanceof Error ? error.message : String(error);
      const state = this.isRefused ? 'are not enforced on this node' : 'are enforced as they last were';
      this.say(`NetworkPolicies ${state}: ${this.failure}`);
      for (const { pod, resolve } of waiting) resolve(this.answer(pod, this.failure));
      throw error;
    }
  }
  private async carryOut(dataplane: PolicyDataplane): Promise<void> {
    const owner = this.context.owner();
    if (!owner) return;
    const changes = this.table.changes();
    if (this.hasLooked) for (const address of changes.fresh) this.fresh.add(address);
    this.hasLooked = true;
    if (!this.isTold) return this.addTo(dataplane, owner, changes);
    if (this.table.isEmpty) {
      if (this.isCleared && !this.isOpen) return;
      await dataplane.remove(owner);
      this.isOpen = this.isWhole = this.isRefused = false;
      this.isCleared = true;
      return;
    }
    // Of the same moment as the changes: what comes meanwhile is the next look's.
    const all = this.isWhole ? undefined : this.table.all();
    if (!this.isOpen) await this.open(dataplane, owner);
    const fresh = [...this.fresh];
    if (all) await dataplane.replace({ ...all, fresh });
    else await dataplane.apply({ ...changes, fresh });
    this.fresh.clear();
    this.isWhole = this.isCleared = true;
    this.troubles.clear('rules');
  }
  /** What is known of before may be old, and have gaps: nothing that is there is taken away for it. */
  private async addTo(dataplane: PolicyDataplane, owner: ContainerOwner, { pods }: PolicyChanges): Promise<void> {
    if (this.isAdded !== undefined) for (const { address } of pods) this.changed.add(address);
    if (this.table.isEmpty || (this.isAdded && pods.length === 0)) return;
    this.isAdded = false;
    const all = this.table.all();
    if (!this.isOpen) await this.open(dataplane, owner);
    await dataplane.add(all, this.changed);
    this.isAdded = true;
    this.troubles.clear('rules');
  }
  private async open(dataplane: PolicyDataplane, owner: ContainerOwner): Promise<void> {
    try {
      const pods = await this.options.runtime.podNetwork();
      if (!pods) throw new Error('the container engine does not say which bridge pods are on');
      const gap = await dataplane.open({ ...owner, pods });
      if (gap !== undefined) this.say(`NetworkPolicies are enforced in part on this node: ${gap}`);
      this.isOpen = true;
      this.isRefused = false;
      this.toldOpen.clear();
    } catch (error) {
      this.isRefused = true;
      const why = error instanceof Error ? error.message : String(error);
      for (const pod of this.table.isolated()) this.answer(pod, why);
      throw error;
    }
  }
  /** What a pod that is about to start is answered while rules are not as they should be. */
  private answer(pod: Pod, why: string): string | undefined {
    const { uid } = pod.metadata;
    if (!this.table.isIsolated(uid)) return undefined;
    if (!this.isRefused) return `the rules of its NetworkPolicies are not in force yet: ${why}`;
    if (this.toldOpen.has(uid)) return undefined;
    this.toldOpen.add(uid);
    const message = `a NetworkPolicy selects the pod, and its node enforces none: ${why}`;
    this.context.reporter.incident(pod, { type: 'Warning', reason: 'NetworkPolicyNotEnforced', message });
    return undefined;
  }
  private say(text: string): void {
    if (this.troubles.add('rules')) this.options.log?.(text);
    const incident = { type: 'Warning', reason: 'NetworkPolicyNotEnforced', message: text } as const;
    this.context.reporter.ofNode(this.context.node(), incident);
  }
}

function membersOf(slice: KubeObject | undefined): readonly string[] | undefined {
  if (!slice) return undefined;
  const { members } = slice as KubeObject & { readonly members?: unknown };
  return Array.isArray(members) ? members.filter((one) => typeof one === 'string') : [];
}
