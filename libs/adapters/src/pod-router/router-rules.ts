import { firstHost } from '#meta';
import type { PodRouterPlan } from '#ports';
import { HIDDEN } from '../service-dataplane/nftables/base-rules.js';
import { familiesOf, type FamilyPlan } from './family-plan.js';
import type { Reached } from './links.js';
import { PROBE_PORTS, VXLAN_PORT, vxlanId } from './names.js';
import { goesBy } from './path-routes.js';

/** So many probes a second are taken, of all nodes. */
const PROBES_MAX = 1000;

/** What there is beside the plan. */
export interface There {
  /** Nodes beside those of the plan. */
  readonly kept: Reached;
  /** By which packets come in from other nodes, by either way. */
  readonly devices: readonly string[];
}

/**
 * The tables of the packet filter for the pods of a node, one for each family, which replace those that are there. Services hide clients
 * at 95, and container engines masquerade at 100: what concerns other nodes is decided before either.
 */
export function routerRules(table: string, plan: PodRouterPlan, there: There): string {
  return familiesOf(plan)
    .map((family) => tableRules(table, plan, family, there))
    .join('');
}

function tableRules(table: string, plan: PodRouterPlan, family: FamilyPlan, { kept, devices }: There): string {
  const { podCidr, paths, own: cidr } = family;
  const { bridge } = plan.pods;
  const gateway = firstHost(cidr) ?? '';
  const ip = isSix(family) ? 'ip6' : 'ip';
  const type = isSix(family) ? 'ipv6_addr' : 'ipv4_addr';
  const known = kept.byRoute.filter((address) => address.includes(':') === isSix(family));
  const reached = [...paths.filter(({ way }) => way === 'route').map(({ address }) => address), ...known];
  // Ways of IPv6 are those of IPv4, which alone are asked by.
  const spared = new Set(plan.paths.filter(({ spare }) => spare !== undefined).map(({ node }) => node));
  const either = paths.filter(({ node }) => spared.has(node)).map((path) => path.podCidr);
  const away = `oifname != "${bridge}"`;
  const own = `${away} ${ip} saddr ${cidr}`;
  return `table ${ip} ${table} {}
delete table ${ip} ${table}
table ${ip} ${table} {
  set reached { type ${type}; ${elements(reached)} }
  set either { type ${type}; flags interval; ${elements(either)} }
  chain guard {
    type filter hook prerouting priority -300;
    iifname { ${devices.map((device) => `"${device}"`).join(', ')} } ${ip} saddr @either accept
    iifname != { "lo", "${bridge}" } ${ip} saddr ${podCidr} fib saddr . iif oif missing drop
  }
${isSix(family) ? '' : receivedRules(plan, gateway, kept)}  chain entering {
    type nat hook postrouting priority 90;
    ${away} ${ip} daddr ${podCidr} ${ip} saddr != ${podCidr} snat to ${gateway}
    ${away} ${ip} daddr ${podCidr} meta mark & 0xffff0000 == ${HIDDEN} snat to ${gateway}
  }
  chain leaving {
    type nat hook postrouting priority 97;
    ${own} ${ip} daddr ${podCidr} snat to ${ip} saddr
    ${own} ${ip} daddr @reached snat to ${ip} saddr
    ${own} masquerade
  }
}
`;
}
/** Nodes send each other VXLAN and probes between addresses of IPv4 alone. */
function receivedRules(plan: PodRouterPlan, gateway: string, kept: Reached): string {
  const tunnels = familiesOf(plan)
    .flatMap(({ paths }) => paths.filter((path) => goesBy(path, 'vxlan')))
    .map(({ address }) => address);
  const askers = plan.paths.filter(({ isProbed }) => isProbed).map(({ podCidr }) => firstHost(podCidr) ?? podCidr);
  const probes = `ip daddr ${gateway} udp dport { ${Object.values(PROBE_PORTS).join(', ')} }`;
  return `  set tunnels { type ipv4_addr; ${elements([...tunnels, ...kept.byVxlan])} }
  set askers { type ipv4_addr; ${elements(askers)} }
  chain received {
    type filter hook input priority -10;
    udp dport ${VXLAN_PORT} @th,96,24 ${vxlanId(plan)} ip saddr != @tunnels drop
    ${probes} ip saddr != @askers drop
    ${probes} iifname "${plan.pods.bridge}" drop
    ${probes} limit rate over ${PROBES_MAX}/second burst ${PROBES_MAX} packets drop
  }
`;
}
function isSix({ own }: FamilyPlan): boolean {
  return own.includes(':');
}

/**
 * Rules for Docker's chain for others' rules: Docker drops what comes from outside for a pod. As `iptables -S` prints them, without the
 * name of the chain.
 */
export function engineRules(table: string, bridge: string, podCidr: string): readonly string[] {
  const mine = `-m comment --comment ${table} -j ACCEPT`;
  return [
    `-s ${podCidr} -o ${bridge} ${mine}`,
    `-d ${podCidr} -m conntrack --ctstate DNAT ${mine}`,
    `-s ${podCidr} -m conntrack --ctstate DNAT ${mine}`,
  ];
}

function elements(addresses: readonly string[]): string {
  const all = [...new Set(addresses)].sort();
  return all.length === 0 ? '' : `elements = { ${all.join(', ')} }`;
}
