import { networkPolicies, type NetworkPolicy } from '#kinds';
import { selectorMatches } from '#meta';
import { kindRef, streamOf, type Change, type KubeObject, type View } from '#model';
import type { Pod } from '#pod';
import { jsonEquals } from '#std';
import { PolicySelectors } from './policy-selectors.js';

/** Notes what a node has to be told; `null`: it is gone, or not the node's business any more. */
export type Tell = (node: string, stream: string, object: KubeObject | null, uid: string, position: number) => void;

const pods = kindRef<Pod>('core.pods');

/**
 * Which NetworkPolicies nodes need: those that select a pod of theirs. A node is told of them no later than of the pod, and when it needs
 * one no longer: nothing keeps a copy true that nobody needs. A policy whose selector changes is tested against each pod of its namespace
 * once; a pod whose labels or node change, against the policies that require one of its labels and those that require none. Every other
 * change costs what it tells.
 */
export class PolicyNeeds {
  private readonly namespaces = new Map<string, PolicyNamespace>();
  /** By policy: the nodes that need it, each with the number of its pods. */
  private readonly counts = new Map<string, Map<string, number>>();
  private readonly byNode = new Map<string, Set<string>>();

  constructor(private readonly view: View) {
    for (const policy of view.list(networkPolicies)) {
      const { namespace, name } = policy.metadata;
      this.of(namespace).selectors.put(streamOf(networkPolicies.id, namespace, name), policy.spec.podSelector ?? {});
    }
    for (const pod of view.list(pods)) this.placePod(pod.metadata.namespace, pod.metadata.name, pod);
  }

  streamsOf(node: string): Iterable<string> {
    return this.byNode.get(node) ?? [];
  }
  takePod({ before, after, position }: Change, tell: Tell): void {
    const { namespace, name } = ((after ?? before) as KubeObject).metadata;
    this.tell(this.placePod(namespace, name, after as Pod | undefined), position, tell);
    this.drop(namespace);
  }
  takePolicy(stream: string, { before, after, position }: Change, tell: Tell): void {
    const { namespace, uid } = ((after ?? before) as KubeObject).metadata;
    this.tell(this.placePolicy(namespace, stream, after as NetworkPolicy | undefined), position, tell);
    if (after) for (const node of this.counts.get(stream)?.keys() ?? []) tell(node, stream, after, uid, position);
    this.drop(namespace);
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
  private placePod(namespace: string | undefined, name: string, pod: Pod | undefined): readonly Moved[] {
    const { pods: placed, selectors } = this.of(namespace);
    const before = placed.get(name);
    const node = pod?.spec.nodeName;
    const labels = pod?.metadata.labels;
    if (before?.node === node && (!node || jsonEquals(before?.labels, labels))) return [];
    const policies = node ? selectors.selecting(labels) : NONE;
    const moved: Moved[] = [];
    for (const policy of policies) if (node && this.count(policy, node, 1)) moved.push({ node, policy });
    for (const policy of before?.policies ?? [])
      if (before && this.count(policy, before.node, -1)) moved.push({ node: before.node, policy });
    if (node) placed.set(name, { node, labels, policies: policies.size > 0 ? policies : NONE });
    else placed.delete(name);
    return moved;
  }
  private placePolicy(namespace: string | undefined, stream: string, policy: NetworkPolicy | undefined): Moved[] {
    const { pods: placed, selectors } = this.of(namespace);
    const known = selectors.get(stream);
    const selector = policy && (policy.spec.podSelector ?? {});
    if (known && selector && jsonEquals(known, selector)) return [];
    selectors.put(stream, selector);
    const moved: Moved[] = [];
    for (const pod of placed.values()) {
      const isSelected = selector !== undefined && selectorMatches(selector, pod.labels);
      if (isSelected === pod.policies.has(stream)) continue;
      if (pod.policies === NONE) pod.policies = new Set();
      const policies = pod.policies as Set<string>;
      if (isSelected) policies.add(stream);
      else policies.delete(stream);
      if (this.count(stream, pod.node, isSelected ? 1 : -1)) moved.push({ node: pod.node, policy: stream });
    }
    return moved;
  }
  private of(namespace = ''): PolicyNamespace {
    const known = this.namespaces.get(namespace) ?? { pods: new Map(), selectors: new PolicySelectors() };
    this.namespaces.set(namespace, known);
    return known;
  }
  private drop(namespace = ''): void {
    const known = this.namespaces.get(namespace);
    if (known?.pods.size === 0 && known.selectors.size === 0) this.namespaces.delete(namespace);
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

const NONE: ReadonlySet<string> = new Set();

interface PlacedPod {
  readonly node: string;
  readonly labels: KubeObject['metadata']['labels'];
  /** Those that select it; shared with nothing but {@link NONE}. */
  policies: ReadonlySet<string>;
}
interface PolicyNamespace {
  /** Pods that have a node, by name. */
  readonly pods: Map<string, PlacedPod>;
  readonly selectors: PolicySelectors;
}
interface Moved {
  readonly node: string;
  readonly policy: string;
}
