import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '#kinds';
import { selectorMatches } from '#meta';
import type { AddressBlock, AllowRule, PodRules, PortRange } from '#model';
import type { Pod } from '#pod';
import { anyEndpoint, directionsOf, groupOf, portsOf, protocolOf } from './peers.js';
import { numbersOf } from './peer-groups.js';

/** Whether a policy of the pod's namespace selects the pod. */
export function selectsPod({ spec }: NetworkPolicy, pod: Pod): boolean {
  return selectorMatches(spec.podSelector, pod.metadata.labels);
}

/**
 * What policies that select a pod say of its traffic; undefined: they isolate it in no direction. In each direction the pod may have what
 * any of the policies allows that isolate it there.
 */
export function rulesOf(pod: Pod, policies: readonly NetworkPolicy[]): Omit<PodRules, 'address'> | undefined {
  let ingress: readonly AllowRule[] | undefined;
  let egress: readonly AllowRule[] | undefined;
  for (const policy of policies) {
    const rules = directionsOf(policy.spec);
    const { namespace = '' } = policy.metadata;
    if (rules.ingress)
      ingress = [
        ...(ingress ?? []),
        ...rules.ingress.flatMap(({ from, ports }) => ingressRules(pod, { namespace, peers: from, ports })),
      ];
    if (rules.egress)
      egress = [
        ...(egress ?? []),
        ...rules.egress.flatMap(({ to, ports }) => egressRules({ namespace, peers: to, ports })),
      ];
  }
  return ingress || egress ? { ingress, egress } : undefined;
}

interface Rule {
  readonly namespace: string;
  readonly peers: readonly NetworkPolicyPeer[] | undefined;
  readonly ports: readonly NetworkPolicyPort[] | undefined;
}

/** Names of ports are those of the pod itself; a name that it does not have allows nothing. */
function ingressRules(pod: Pod, rule: Rule): readonly AllowRule[] {
  const named = portsOf(rule.ports).named.flatMap((port) =>
    numbersOf(pod, port).map((number) => ({ protocol: port.protocol, first: number, last: number })),
  );
  return numberedRules(rule, named);
}
/** Names of ports are those of the pod at the other end. */
function egressRules(rule: Rule): readonly AllowRule[] {
  const { namespace, peers } = rule;
  const named = portsOf(rule.ports).named.flatMap((port): readonly AllowRule[] => {
    const any = { protocol: port.protocol, group: anyEndpoint(port).id };
    if (!peers?.length) return [{ endpoints: any }];
    const blocks = blocksOf(peers);
    const groups = peers.flatMap((peer) => groupOf(namespace, peer, port) ?? []);
    return [
      ...groups.map(({ id }) => ({ endpoints: { protocol: port.protocol, group: id } })),
      ...(blocks.length > 0 ? [{ peers: { groups: [], blocks }, endpoints: any }] : []),
    ];
  });
  return [...numberedRules(rule, []), ...named];
}

function numberedRules({ namespace, peers, ports }: Rule, more: readonly PortRange[]): readonly AllowRule[] {
  const others = peers?.length
    ? { peers: { groups: peers.flatMap((peer) => groupOf(namespace, peer)?.id ?? []), blocks: blocksOf(peers) } }
    : {};
  if (!ports?.length) return [others];
  const ranges = [...ports.flatMap(rangesOf), ...more];
  return ranges.length > 0 ? [{ ...others, ports: ranges }] : [];
}
function rangesOf({ protocol, port, endPort }: NetworkPolicyPort): readonly PortRange[] {
  if (typeof port === 'string') return [];
  if (port === undefined) return [{ protocol: protocolOf(protocol), first: 0, last: 65_535 }];
  return [{ protocol: protocolOf(protocol), first: port, last: endPort ?? port }];
}
function blocksOf(peers: readonly NetworkPolicyPeer[]): readonly AddressBlock[] {
  return peers.flatMap(({ ipBlock }) => (ipBlock ? [{ cidr: ipBlock.cidr, except: ipBlock.except ?? [] }] : []));
}
