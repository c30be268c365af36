import { networkPolicies } from '#kinds';
import { networkPolicy } from '#loops';
import { kindRef, streamOf, type Change, type KubeObject, type View } from '#model';
import type { Pod } from '#pod';

/** Notes what a node has to be told; `null`: it is gone, or not the node's business any more. */
export type Tell = (node: string, stream: string, object: KubeObject | null, uid: string, position: number) => void;

const pods = kindRef<Pod>('core.pods');

/**
 * Which NetworkPolicies nodes need: those that select a pod of theirs. A node is told of them no later than of the pod, and when it needs
 * one no longer: nothing keeps a copy true that nobody needs. A policy that changes costs the pods of its namespace.
 */
export class PolicyNeeds {
  /** By pod: its node and the policies that select it. */
  private readonly selected = new Map<string, { readonly node: string; readonly policies: readonly string[] }>();
  /** By policy: the nodes that need it, each with the number of its pods. */
  private readonly counts = new Map<string, Map<string, number>>();
  private readonly byNode = new Map<string, Set<string>>();

  constructor(private readonly view: View) {
    for (const namespace of new Set(view.list(networkPolicies).map(({ metadata }) => metadata.namespace ?? '')))
      for (const pod of view.list(pods, namespace)) this.recount(streamOfPod(pod), pod);
  }

  streamsOf(node: string): Iterable<string> {
    return this.byNode.get(node) ?? [];
  }
  takePod(stream: string, { after, position }: Change, tell: Tell): void {
    this.tell(this.recount(stream, after as Pod | undefined), position, tell);
  }
  takePolicy(stream: string, { before, after, position }: Change, tell: Tell): void {
    const policy = (after ?? before) as KubeObject;
    const { namespace, uid } = policy.metadata;
    const moved = this.view.list(pods, namespace).flatMap((pod) => this.recount(streamOfPod(pod), pod));
    this.tell(moved, position, tell);
    if (after) for (const node of this.counts.get(stream)?.keys() ?? []) tell(node, stream, after, uid, position);
  }

  private tell(moved: readonly Moved[], position: number, tell: Tell): void {
    for (const { node, policy } of moved) {
      const state = this.view.stream(policy);
      const object = this.counts.get(policy)?.has(node) ? state?.object : undefined;
      const uid = state?.object?.metadata.uid ?? '';
      tell(node, policy, object ?? null, uid, object && state ? state.position : position);
    }
  }
  /** Returns the policies that a node needs now and did not before, or the other way. */
  private recount(stream: string, pod: Pod | undefined): readonly Moved[] {
    const before = this.selected.get(stream);
    const node = pod?.spec.nodeName;
    const policies = pod && node ? this.selecting(pod) : [];
    if (before?.node === node && same(before?.policies ?? [], policies)) return [];
    const moved: Moved[] = [];
    for (const policy of policies) if (node && this.count(policy, node, 1)) moved.push({ node, policy });
    for (const policy of before?.policies ?? [])
      if (before && this.count(policy, before.node, -1)) moved.push({ node: before.node, policy });
    if (node && policies.length > 0) this.selected.set(stream, { node, policies });
    else this.selected.delete(stream);
    return moved;
  }
  private selecting(pod: Pod): readonly string[] {
    const { namespace } = pod.metadata;
    return this.view
      .list(networkPolicies, namespace)
      .filter((policy) => networkPolicy.selectsPod(policy, pod))
      .map(({ metadata }) => streamOf(networkPolicies.id, namespace, metadata.name));
  }
  /** Whether the node began or ceased to need it. */
  private count(policy: string, node: string, by: number): boolean {
    const nodes = this.counts.get(policy) ?? new Map<string, number>();
    const before = nodes.get(node) ?? 0;
    if (before + by > 0) {
      this.counts.set(policy, nodes.set(node, before + by));
      if (before === 0) this.byNode.set(node, (this.byNode.get(node) ?? new Set<string>()).add(policy));
      return before === 0;
    }
    nodes.delete(node);
    if (nodes.size === 0) this.counts.delete(policy);
    const streams = this.byNode.get(node);
    streams?.delete(policy);
    if (streams?.size === 0) this.byNode.delete(node);
    return true;
  }
}

interface Moved {
  readonly node: string;
  readonly policy: string;
}
function streamOfPod({ metadata }: Pod): string {
  return streamOf(pods.id, metadata.namespace, metadata.name);
}
function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}
