import { firstHost } from '#meta';
import type { PodRouterPlan } from '#ports';
import { HIDDEN } from '../service-dataplane/nftables/base-rules.js';
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
 * The table of the packet filter for the pods of a node, which replaces the one that is there. Services hide clients at 95, and
 * container engines masquerade at 100: what concerns other nodes is decided before either.
 */
export function routerRules(table: string, plan: PodRouterPlan, gateway: string, { kept, devices }: There): string {
  const { pods, podCidr, paths } = plan;
  const reached = [...paths.filter(({ way }) => way === 'route').map(({ address }) => address), ...kept.byRoute];
  const tunnels = [...paths.filter((path) => goesBy(path, 'vxlan')).map(({ address }) => address), ...kept.byVxlan];
  const either = paths.filter(({ spare }) => spare !== undefined).map(({ podCidr: cidr }) => cidr);
  const askers = paths.filter(({ isProbed }) => isProbed).map(({ podCidr: cidr }) => firstHost(cidr) ?? cidr);
  const probes = `ip daddr ${gateway} udp dport { ${Object.values(PROBE_PORTS).join(', ')} }`;
  const away = `oifname != "${pods.bridge}"`;
  const own = `${away} ip saddr ${pods.cidr}`;
  return `table ip ${table} {}
delete table ip ${table}
table ip ${table} {
  set reached { type ipv4_addr; ${elements(reached)} }
  set tunnels { type ipv4_addr; ${elements(tunnels)} }
  set either { type ipv4_addr; flags interval; ${elements(either)} }
  set askers { type ipv4_addr; ${elements(askers)} }
  chain guard {
    type filter hook prerouting priority -300;
    iifname { ${devices.map((device) => `"${device}"`).join(', ')} } ip saddr @either accept
    iifname != { "lo", "${pods.bridge}" } ip saddr ${podCidr} fib saddr . iif oif missing drop
  }
  chain received {
    type filter hook input priority -10;
    udp dport ${VXLAN_PORT} @th,96,24 ${vxlanId(plan)} ip saddr != @tunnels drop
    ${probes} ip saddr != @askers drop
    ${probes} iifname "${pods.bridge}" drop
    ${probes} limit rate over ${PROBES_MAX}/second burst ${PROBES_MAX} packets drop
  }
  chain entering {
    type nat hook postrouting priority 90;
    ${away} ip daddr ${podCidr} ip saddr != ${podCidr} snat to ${gateway}
    ${away} ip daddr ${podCidr} meta mark & 0xffff0000 == ${HIDDEN} snat to ${gateway}
  }
  chain leaving {
    type nat hook postrouting priority 97;
    ${own} ip daddr ${podCidr} snat to ip saddr
    ${own} ip daddr @reached snat to ip saddr
    ${own} masquerade
  }
}
`;
}

/**
 * Rules for Docker's chain for others' rules: Docker drops what comes from outside for a pod. As `iptables -S` prints them, without the
 * name of the chain.
 */
export function engineRules(table: string, { pods, podCidr }: PodRouterPlan): readonly string[] {
  const mine = `-m comment --comment ${table} -j ACCEPT`;
  return [
    `-s ${podCidr} -o ${pods.bridge} ${mine}`,
    `-d ${podCidr} -m conntrack --ctstate DNAT ${mine}`,
    `-s ${podCidr} -m conntrack --ctstate DNAT ${mine}`,
  ];
}

function elements(addresses: readonly string[]): string {
  const all = [...new Set(addresses)].sort();
  return all.length === 0 ? '' : `elements = { ${all.join(', ')} }`;
}
