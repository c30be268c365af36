import type { Namespace, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '#kinds';
import { cidrContains, parseCidr, parseIp } from '#meta';
import type { AllowRule, LabelSelector, PodRules, PolicyChanges, PolicyProtocol } from '#model';
import type { Pod } from '#pod';
import { PeerGroups, PolicyTable } from './index.js';

/** Objects of a cluster, by what they are named. */
export interface Cluster {
  readonly namespaces: Map<string, Namespace>;
  readonly pods: Map<string, Pod>;
  readonly policies: Map<string, NetworkPolicy>;
}
export interface Packet {
  readonly from: string;
  readonly to: string;
  readonly protocol: PolicyProtocol;
  readonly port: number;
}

/** What the control plane tells all nodes, and what each makes of it, as it goes on. */
export class Enforced {
  readonly groups: PeerGroups;
  private readonly tables = new Map<string, PolicyTable>();
  private readonly kernels = new Map<string, Kernel>();

  constructor(
    private readonly cluster: Cluster,
    nodes: readonly string[],
  ) {
    this.groups = new PeerGroups({
      namespaces: () => [...cluster.namespaces.values()],
      pods: (namespace) => [...cluster.pods.values()].filter(({ metadata }) => metadata.namespace === namespace),
    });
    for (const node of nodes) {
      this.tables.set(node, new PolicyTable());
      this.kernels.set(node, new Kernel());
    }
    for (const name of cluster.namespaces.keys()) this.namespace(name);
    for (const key of cluster.pods.keys()) this.pod(key);
    for (const key of cluster.policies.keys()) this.policy(key);
    this.look();
  }
  namespace(name: string): void {
    this.groups.putNamespace(name, this.cluster.namespaces.get(name));
  }
  pod(key: string): void {
    const [namespace = '', name = ''] = key.split('/');
    const pod = this.cluster.pods.get(key);
    this.groups.putPod(namespace, name, pod);
    for (const [node, table] of this.tables) {
      const addresses = pod?.spec.nodeName === node && !pod.spec.hostNetwork && !isOver(pod) ? addressesIn(pod) : [];
      table.putPod(key, pod && addresses.length > 0 ? { pod, addresses } : undefined);
    }
  }
  policy(key: string): void {
    const [namespace = '', name = ''] = key.split('/');
    const policy = this.cluster.policies.get(key);
    this.groups.putPolicy(namespace, name, policy);
    for (const table of this.tables.values()) table.putPolicy(namespace, name, policy);
  }
  look(): void {
    const slices = this.groups.changes();
    for (const [node, table] of this.tables) {
      for (const { group, slice, members } of slices) table.putSlice(group, slice, members);
      this.kernels.get(node)?.take(table.changes());
    }
  }
  /** Whether a packet of a new connection passes the nodes of both ends. */
  passes(packet: Packet): boolean {
    return [...this.kernels.values()].every((kernel) => kernel.passes(packet));
  }
  /** What each node has installed, in no order. */
  state(): unknown {
    return [...this.kernels].map(([node, kernel]) => [node, kernel.state()]);
  }
}

/** What a data plane has after changes. */
export class Kernel {
  private readonly pods = new Map<string, PodRules>();
  private readonly groups = new Map<string, Set<string>>();

  take({ pods, gonePods, groups, goneGroups }: PolicyChanges): void {
    for (const rules of pods) this.pods.set(rules.address, rules);
    for (const address of gonePods) if (!this.pods.delete(address)) throw new Error(`${address} was not there`);
    for (const { id, added, removed } of groups) {
      const members = this.groups.get(id) ?? new Set<string>();
      this.groups.set(id, members);
      for (const one of removed) if (!members.delete(one)) throw new Error(`${one} was not in ${id}`);
      for (const one of added) if (members.size === members.add(one).size) throw new Error(`${one} was in ${id}`);
    }
    for (const id of goneGroups) if (!this.groups.delete(id)) throw new Error(`${id} was not there`);
  }
  passes(packet: Packet): boolean {
    if (packet.from === packet.to) return true;
    const { ingress } = this.pods.get(packet.to) ?? {};
    const { egress } = this.pods.get(packet.from) ?? {};
    const allows = (rules: readonly AllowRule[] | undefined, peer: string): boolean =>
      !rules || rules.some((rule) => this.allows(rule, peer, packet));
    return allows(ingress, packet.from) && allows(egress, packet.to);
  }
  state(): unknown {
    const sorted = <T>(map: ReadonlyMap<string, T>): unknown => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    return [sorted(this.pods), sorted(new Map([...this.groups].map(([id, all]) => [id, [...all].sort()])))];
  }
  private allows({ peers, ports, endpoints }: AllowRule, peer: string, { to, protocol, port }: Packet): boolean {
    const member = (id: string, text: string): boolean => {
      const group = this.groups.get(id);
      if (!group) throw new Error(`group ${id} is not there`);
      return group.has(text);
    };
    if (peers && !peers.groups.some((id) => member(id, peer)) && !peers.blocks.some((block) => inBlock(block, peer)))
      return false;
    if (endpoints) return endpoints.protocol === protocol && member(endpoints.group, `${to}:${port}`);
    return !ports || ports.some((range) => range.protocol === protocol && range.first <= port && port <= range.last);
  }
}

/** Whether Kubernetes lets a new connection through, read from the objects alone, word by word. */
export function isAllowed({ namespaces, pods, policies }: Cluster, packet: Packet): boolean {
  const { from, to, protocol, port } = packet;
  if (from === to) return true;
  const podAt = (address: string): Pod | undefined =>
    [...pods.values()].find((pod) => !pod.spec.hostNetwork && !isOver(pod) && addressesIn(pod).includes(address));
  const peerIs = (peer: NetworkPolicyPeer, address: string, namespace: string): boolean => {
    if (peer.ipBlock) return inBlock({ cidr: peer.ipBlock.cidr, except: peer.ipBlock.except ?? [] }, address);
    const pod = podAt(address);
    if (!pod) return false;
    const own = pod.metadata.namespace ?? '';
    const isThere = peer.namespaceSelector
      ? namespaces.has(own) && has(peer.namespaceSelector, namespaces.get(own)?.metadata.labels)
      : own === namespace;
    return isThere && (!peer.podSelector || has(peer.podSelector, pod.metadata.labels));
  };
  const portIs = (wanted: NetworkPolicyPort): boolean => {
    if ((wanted.protocol ?? 'TCP') !== protocol) return false;
    if (wanted.port === undefined) return true;
    if (typeof wanted.port === 'number') return wanted.port <= port && port <= (wanted.endPort ?? wanted.port);
    return (podAt(to)?.spec.containers ?? []).some(({ ports = [] }) =>
      ports.some(
        (one) => one.name === wanted.port && (one.protocol ?? 'TCP') === protocol && one.containerPort === port,
      ),
    );
  };
  const direction = (type: 'Ingress' | 'Egress', own: string, other: string): boolean => {
    const pod = podAt(own);
    const isolating = [...policies.values()].filter(
      ({ metadata, spec }) =>
        pod?.metadata.namespace === metadata.namespace &&
        has(spec.podSelector ?? {}, pod?.metadata.labels) &&
        spec.policyTypes?.includes(type),
    );
    if (isolating.length === 0) return true;
    return isolating.some(({ metadata, spec }) => {
      const rules =
        type === 'Ingress'
          ? (spec.ingress ?? []).map(({ from: peers, ports }) => ({ peers, ports }))
          : (spec.egress ?? []).map(({ to: peers, ports }) => ({ peers, ports }));
      return rules.some(
        ({ peers = [], ports = [] }) =>
          (peers.length === 0 || peers.some((peer) => peerIs(peer, other, metadata.namespace ?? ''))) &&
          (ports.length === 0 || ports.some(portIs)),
      );
    });
  };
  return direction('Egress', from, to) && direction('Ingress', to, from);
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}
function addressesIn({ status }: Pod): readonly string[] {
  return (status?.podIPs ?? []).flatMap(({ ip }) => ip ?? []);
}
function has({ matchLabels, matchExpressions }: LabelSelector, labels: Readonly<Record<string, string>> = {}): boolean {
  const all = Object.entries(matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return (
    all &&
    (matchExpressions ?? []).every(({ key, operator, values }) => {
      const value = labels[key];
      const isIn = value !== undefined && (values ?? []).includes(value);
      if (operator === 'In') return isIn;
      if (operator === 'NotIn') return !isIn;
      return (operator === 'Exists') === (value !== undefined);
    })
  );
}
function inBlock(
  { cidr, except }: { readonly cidr: string; readonly except: readonly string[] },
  text: string,
): boolean {
  const address = parseIp(text);
  const contains = (range: string): boolean => {
    const parsed = parseCidr(range);
    return parsed !== undefined && address !== undefined && cidrContains(parsed, address);
  };
  return contains(cidr) && !except.some(contains);
}
