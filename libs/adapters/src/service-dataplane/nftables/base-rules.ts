import type { DataplanePlace } from '#ports';

/**
 * Marks of the first packet of a connection, while it passes the rules: the backend's slot, and in HIDDEN that the client's
 * address is replaced by the node's, in INSIDE that it is if the client is the node itself, which may have called from an address that
 * other nodes have too. No other mark that is common on Linux begins so.
 */
export const PICKED = 0x53480000;
export const HIDDEN = 0x53490000;
export const INSIDE = 0x534a0000;
export const SLOTS_MAX = 0x10000;

/** Of the table of one node of one cluster: several may be on one machine. `npm run down` finds it by its beginning. */
export function tableName({ cluster, node }: Pick<DataplanePlace, 'cluster' | 'node'>): string {
  const plain = (text: string): string => text.replace(/[^A-Za-z0-9]/g, '_');
  return `shiplog_${plain(cluster.slice(0, 8))}_${plain(node)}`;
}

/** What differs between the tables of the two families. */
export interface NftFamily {
  /** Of tables and of fields of packets: `ip saddr`. */
  readonly name: 'ip' | 'ip6';
  readonly family: 'IPv4' | 'IPv6';
  readonly type: string;
  readonly loopback: string;
  /** All addresses. */
  readonly all: string;
  /** By what a client is known again: what it calls and from where. Of IPv6 a hash of that, since nft 1.0 writes no longer keys. */
  readonly sticky: string;
}
export const IPV4: NftFamily = {
  name: 'ip',
  family: 'IPv4',
  type: 'ipv4_addr',
  loopback: '127.0.0.0/8',
  all: '0.0.0.0-255.255.255.255',
  sticky: 'ipv4_addr . ipv4_addr . inet_proto . inet_service',
};
export const IPV6: NftFamily = {
  name: 'ip6',
  family: 'IPv6',
  type: 'ipv6_addr',
  loopback: '::1',
  all: '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  sticky: 'mark',
};

export interface BaseOptions extends DataplanePlace {
  /** Packets between pods of one bridge pass the rules too: net.bridge.bridge-nf-call-iptables, or -ip6tables. */
  readonly isBridgeFiltered: boolean;
}

const sets = ({ type, sticky }: NftFamily): string => `
  map cluster { type ${type} . inet_proto . inet_service : verdict; }
  map external { type ${type} . inet_proto . inet_service : verdict; }
  map ports { type inet_proto . inet_service : verdict; }
  map insideports { type inet_proto . inet_service : verdict; }
  map backends { type ${type} . inet_proto . inet_service . mark : ${type} . inet_service; }
  map portbackends { type inet_proto . inet_service . mark : ${type} . inet_service; }
  map sticky { type ${sticky} : mark; flags dynamic,timeout; timeout 3h; size 262144; }
  map empty { type ${type} . inet_proto . inet_service : verdict; }
  map emptyports { type inet_proto . inet_service : verdict; }
  set ranged { type ${type} . inet_proto . inet_service; }
  set allowed { type ${type} . inet_proto . inet_service . ${type}; flags interval; }
  set clusterips { type ${type}; }
  set hairpin { type ${type} . ${type}; }`;

// What is still for a cluster IP behind the other chains asks for a port that its service does not have: it never leaves the node.
const chains = ({ name: ip, loopback }: NftFamily): string => `
  chain lead {
    meta l4proto tcp dnat ${ip} to ${ip} daddr . meta l4proto . tcp dport . meta mark map @backends
    meta l4proto udp dnat ${ip} to ${ip} daddr . meta l4proto . udp dport . meta mark map @backends
    meta l4proto sctp dnat ${ip} to ${ip} daddr . meta l4proto . sctp dport . meta mark map @backends
  }
  chain leadport {
    meta l4proto tcp dnat ${ip} to meta l4proto . tcp dport . meta mark map @portbackends
    meta l4proto udp dnat ${ip} to meta l4proto . udp dport . meta mark map @portbackends
    meta l4proto sctp dnat ${ip} to meta l4proto . sctp dport . meta mark map @portbackends
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject
  }
  chain discard { drop; }
  chain inside {
    ${ip} daddr . meta l4proto . th dport vmap @cluster
    fib daddr type local ${ip} daddr != ${loopback} meta l4proto . th dport vmap @insideports
  }
  chain outside {
    ${ip} daddr . meta l4proto . th dport vmap @external
    fib daddr type local ${ip} daddr != ${loopback} meta l4proto . th dport vmap @ports
  }
  chain without {
    ct state new ${ip} daddr . meta l4proto . th dport vmap @empty
    ct state new fib daddr type local ${ip} daddr != ${loopback} meta l4proto . th dport vmap @emptyports
    ct state new ${ip} daddr @clusterips goto refuse
  }`;

/**
 * Each new connection is looked up again when the first time led nowhere: between two of a packet's lookups the rules may have
 * been changed, so that it was sent to a slot, or by a chain, that is not there yet or no more. One hook sees one generation of
 * chains, the next hook the new one. Nothing comes here again that was led.
 */
function nat(hook: 'prerouting' | 'output', fromPods = ''): string {
  const look = (name: string, priority: number): string => `  chain ${name} {
    type nat hook ${hook} priority ${priority};
    ${fromPods}jump inside
    jump outside
  }
`;
  return look(hook, -105) + look(`${hook}again`, -104);
}

/** The table without any service. */
export function baseRules(options: BaseOptions, family: NftFamily = IPV4): string {
  const { pods, isBridgeFiltered } = options;
  const { name: ip, loopback } = family;
  const cidr = ip === 'ip' ? pods?.cidr : pods?.cidrIpv6;
  // Other clusters on this machine have pods and services with the same addresses, and nobody outside is to reach a cluster IP.
  const fromPods = pods ? `iifname "${pods.bridge}" ` : '';
  // Answers from a pod on the client's bridge would go to it directly, from an address that it never called.
  const sameBridge =
    cidr !== undefined && !isBridgeFiltered ? `ct status dnat ${ip} saddr ${cidr} ${ip} daddr ${cidr} masquerade` : '';
  return `table ${ip} ${tableName(options)} {
${sets(family)}
${chains(family)}
  chain guard {
    type filter hook prerouting priority -300;
    ${pods ? `iifname "${pods.bridge}" ${ip} daddr ${loopback} drop` : ''}
  }
  chain sources {
    type filter hook prerouting priority -110;
    ct state new ${ip} daddr . meta l4proto . th dport @ranged ${ip} daddr . meta l4proto . th dport . ${ip} saddr != @allowed drop
  }
${nat('prerouting', fromPods)}${nat('output')}  chain postrouting {
    type nat hook postrouting priority 95;
    ct status dnat ${ip} saddr . ${ip} daddr @hairpin masquerade
    meta mark & 0xffff0000 == ${HIDDEN} masquerade
    meta mark & 0xffff0000 == ${INSIDE} fib saddr type local masquerade
    ${sameBridge}
  }
  chain forwarded { type filter hook forward priority -10; jump without; }
  chain received { type filter hook input priority -10; jump without; }
  chain sent { type filter hook output priority -10; jump without; }
}
`;
}
