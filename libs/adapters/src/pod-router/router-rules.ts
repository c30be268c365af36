import { firstHost } from '#meta';
import type { PodPath, PodWay } from '#model';
import type { PodRouterPlan } from '#ports';
import { HIDDEN } from '../service-dataplane/nftables/base-rules.js';
import { familiesOf, type FamilyPlan, type Reached } from './links.js';
import { VXLAN_PORT, vxlanId } from './names.js';

/**
 * The tables of the packet filter for the pods of a node, one for each family, which replace those that are there. Services hide clients
 * at 95, and container engines masquerade at 100: what concerns other nodes is decided before either. `kept` are nodes beside those of
 * the plan.
 */
export function routerRules(table: string, plan: PodRouterPlan, kept: Reached): string {
  const families = familiesOf(plan);
  const tunnels = families.flatMap(({ paths }) => addressesBy(paths, 'vxlan'));
  // All packets of VXLAN are of IPv4.
  const received = (family: FamilyPlan): string =>
    isSix(family)
      ? ''
      : `  chain received {
    type filter hook input priority -10;
    udp dport ${VXLAN_PORT} @th,96,24 ${vxlanId(plan)} ip saddr != @tunnels drop
  }
`;
  return families
    .map((family) =>
      tableRules(
        { table, bridge: plan.pods.bridge, tunnels: [...tunnels, ...kept.byVxlan], kept, received: received(family) },
        family,
      ),
    )
    .join('');
}

interface TableParts {
  readonly table: string;
  readonly bridge: string;
  readonly tunnels: readonly string[];
  readonly kept: Reached;
  readonly received: string;
}
function tableRules({ table, bridge, tunnels, kept, received }: TableParts, family: FamilyPlan): string {
  const { podCidr, paths, own: cidr } = family;
  const gateway = firstHost(cidr) ?? '';
  const ip = isSix(family) ? 'ip6' : 'ip';
  const type = isSix(family) ? 'ipv6_addr' : 'ipv4_addr';
  const known = kept.byRoute.filter((address) => address.includes(':') === isSix(family));
  const reached = [...addressesBy(paths, 'route'), ...known];
  const away = `oifname != "${bridge}"`;
  const own = `${away} ${ip} saddr ${cidr}`;
  const tunnelSet = isSix(family) ? '' : `  set tunnels { type ${type}; ${elements(tunnels)} }\n`;
  return `table ${ip} ${table} {}
delete table ${ip} ${table}
table ${ip} ${table} {
  set reached { type ${type}; ${elements(reached)} }
${tunnelSet}  chain guard {
    type filter hook prerouting priority -300;
    iifname != { "lo", "${bridge}" } ${ip} saddr ${podCidr} fib saddr . iif oif missing drop
  }
${received}  chain entering {
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
function addressesBy(paths: readonly PodPath[], wanted: PodWay): readonly string[] {
  return paths.filter(({ way }) => way === wanted).map(({ address }) => address);
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
