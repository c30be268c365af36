import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '#kinds';
import type { LabelSelector, PolicyProtocol } from '#model';
import { uuidOf } from '#std';

/** Pods that a policy names as peers, wherever they run. */
export interface PeerSelector {
  /** The policy's own namespace; undefined: those that `namespaceSelector` selects. */
  readonly namespace: string | undefined;
  readonly namespaceSelector: LabelSelector | undefined;
  readonly podSelector: LabelSelector;
  /** Members are endpoints: each pod's ports of this name. */
  readonly port: NamedPort | undefined;
}
export interface NamedPort {
  readonly protocol: PolicyProtocol;
  readonly name: string;
}
export interface PeerGroup {
  /** The same for equal selectors, whichever policies have them. */
  readonly id: string;
  readonly selector: PeerSelector;
}

const EVERYTHING: LabelSelector = {};

/** The group of pods that a peer selects; undefined: it is a block of addresses. */
export function groupOf(namespace: string, peer: NetworkPolicyPeer, port?: NamedPort): PeerGroup | undefined {
  const { podSelector, namespaceSelector } = peer;
  if (!podSelector && !namespaceSelector) return undefined;
  return grouped({
    namespace: namespaceSelector ? undefined : namespace,
    namespaceSelector: namespaceSelector ?? undefined,
    podSelector: podSelector ?? EVERYTHING,
    port,
  });
}
/** Every endpoint in the cluster that has a port of the name. */
export function anyEndpoint(port: NamedPort): PeerGroup {
  return grouped({ namespace: undefined, namespaceSelector: EVERYTHING, podSelector: EVERYTHING, port });
}

/** All groups that the rules of a policy name, in the directions that it isolates. */
export function groupsOf({ metadata, spec }: NetworkPolicy): readonly PeerGroup[] {
  const { namespace = '' } = metadata;
  const { ingress, egress } = directionsOf(spec);
  const found = new Map<string, PeerGroup>();
  const add = (group: PeerGroup | undefined): void => void (group && found.set(group.id, group));
  for (const { from } of ingress ?? []) for (const peer of from ?? []) add(groupOf(namespace, peer));
  for (const { to, ports } of egress ?? []) {
    const { named, hasNumbers } = portsOf(ports);
    if (hasNumbers) for (const peer of to ?? []) add(groupOf(namespace, peer));
    for (const port of named) {
      for (const peer of to ?? []) add(groupOf(namespace, peer, port) ?? anyEndpoint(port));
      if ((to ?? []).length === 0) add(anyEndpoint(port));
    }
  }
  return [...found.values()];
}

/** The rules of each direction that a policy isolates; undefined: it leaves the direction alone. */
export function directionsOf(spec: NetworkPolicy['spec']): Pick<NetworkPolicy['spec'], 'ingress' | 'egress'> {
  const { policyTypes, ingress = [], egress = [] } = spec;
  const types = policyTypes?.length ? policyTypes : ['Ingress', ...(egress.length > 0 ? ['Egress'] : [])];
  return {
    ...(types.includes('Ingress') && { ingress }),
    ...(types.includes('Egress') && { egress }),
  };
}

/** Ports by name, and whether there is one by number; no port at all is every port. */
export function portsOf(ports: readonly NetworkPolicyPort[] | undefined): {
  readonly named: readonly NamedPort[];
  readonly hasNumbers: boolean;
} {
  const all = ports ?? [];
  const named = all.flatMap(({ protocol, port }) =>
    typeof port === 'string' ? [{ protocol: protocolOf(protocol), name: port }] : [],
  );
  return { named, hasNumbers: all.length === 0 || named.length < all.length };
}
export function protocolOf(protocol: string | undefined): PolicyProtocol {
  return protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP';
}

function grouped(selector: PeerSelector): PeerGroup {
  const { namespace, namespaceSelector, podSelector, port } = selector;
  const text = JSON.stringify([
    namespace ?? null,
    namespaceSelector ? plain(namespaceSelector) : null,
    plain(podSelector),
    port ? [port.protocol, port.name] : null,
  ]);
  return { id: uuidOf(text), selector };
}
/** Equal selectors as one text, whatever the order of their labels. */
function plain({ matchLabels, matchExpressions }: LabelSelector): unknown {
  const byName = (a: readonly unknown[], b: readonly unknown[]): number =>
    JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
  return [
    Object.entries(matchLabels ?? {}).sort(byName),
    (matchExpressions ?? [])
      .map(({ key, operator, values }) => [key, operator, [...(values ?? [])].sort()])
      .sort(byName),
  ];
}
