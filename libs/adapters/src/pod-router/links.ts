import { firstHost } from '#meta';
import type { PodRouterPlan } from '#ports';
import { ROUTE_PROTOCOL, VXLAN_PORT, vxlanId, vxlanMac, type RouterNames } from './names.js';

/** As much of what `ip -j` and `bridge -j` print as is looked at. */
export interface ShownRoute {
  readonly type?: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly flags?: readonly string[];
}
export interface ShownLink {
  readonly ifname: string;
  readonly address?: string;
  readonly mtu?: number;
  readonly flags?: readonly string[];
  readonly linkinfo?: {
    readonly info_data?: { readonly id?: number; readonly local?: string; readonly port?: number };
  };
  readonly addr_info?: readonly { readonly local?: string }[];
}
export interface ShownNeighbour {
  readonly dst: string;
  readonly lladdr?: string;
}
export interface ShownForward {
  readonly mac: string;
  readonly dst?: string;
}

/** What the kernel has of a node's routes and of its VXLAN device. */
export interface Present {
  readonly routes: readonly ShownRoute[];
  readonly link: ShownLink | undefined;
  readonly neighbours: readonly ShownNeighbour[];
  readonly forwards: readonly ShownForward[];
}
/** What a plan says of one family. */
export interface FamilyPlan extends Pick<PodRouterPlan, 'cluster' | 'isWhole' | 'podCidr' | 'paths'> {
  /** The node's own range. */
  readonly own: string;
}
export function familiesOf(plan: PodRouterPlan): readonly FamilyPlan[] {
  const { cluster, isWhole, podCidr, paths, pods, ipv6 } = plan;
  const four = { cluster, isWhole, podCidr, paths, own: pods.cidr };
  return ipv6 && pods.cidrIpv6 !== undefined ? [four, { cluster, isWhole, ...ipv6, own: pods.cidrIpv6 }] : [four];
}

/** A line for `ip -batch` or `bridge -batch`. */
export interface Line {
  readonly text: string;
  /** Whose path it makes; undefined: all paths need it. */
  readonly node?: string;
}
/** To be carried out in this order. */
export interface Batches {
  readonly device: readonly Line[];
  readonly forwards: readonly Line[];
  readonly routes: readonly Line[];
  /** What is left over, once all else is there. */
  readonly leftOver: readonly Line[];
}
/** Addresses of nodes. */
export interface Reached {
  readonly byRoute: readonly string[];
  readonly byVxlan: readonly string[];
}

/** The nodes that paths which are there lead to. */
export function reachedBy({ routes, forwards }: Present, { device }: RouterNames): Reached {
  return {
    byRoute: routes.flatMap(({ gateway, dev }) => (gateway !== undefined && dev !== device ? [gateway] : [])),
    byVxlan: forwards.flatMap(({ dst }) => (dst === undefined ? [] : [dst])),
  };
}

/** What has to be done so that the kernel has what the plan says: nothing where it has. `mtu` is that of the VXLAN device. */
export function batchesFor(plan: PodRouterPlan, names: RouterNames, present: Present, mtu: number): Batches {
  const families = familiesOf(plan);
  const isTunneled =
    families.some(({ paths }) => paths.some(({ way }) => way === 'vxlan')) ||
    (!plan.isWhole && present.link !== undefined);
  const isKept = present.link !== undefined && isTunneled && isRight(present.link, plan, mtu);
  // With the device, everything on it goes.
  const there: Present = isKept
    ? present
    : { routes: routesOffDevice(present, names), link: undefined, neighbours: [], forwards: [] };
  const tunnel = isTunneled ? tunnelBatches(plan, names, there, mtu) : { device: [], forwards: [] };
  const { routes, leftOver } = routeBatches(families, names, there.routes);
  const gone = present.link !== undefined && !isKept ? [{ text: `link del ${names.device}` }] : [];
  return {
    // Routes that lead elsewhere from now on are changed before the device goes, unless it is made anew.
    device: [...(isTunneled ? gone : []), ...tunnel.device],
    forwards: tunnel.forwards,
    routes,
    leftOver: [...leftOver, ...(isTunneled ? [] : gone)],
  };
}

function isRight(
  { address, mtu, flags = [], linkinfo, addr_info = [] }: ShownLink,
  plan: PodRouterPlan,
  wanted: number,
): boolean {
  const { id, local, port } = linkinfo?.info_data ?? {};
  const wantedHosts = familiesOf(plan).map(({ own }) => firstHost(own));
  return (
    address === vxlanMac(plan) &&
    mtu === wanted &&
    id === vxlanId(plan) &&
    port === VXLAN_PORT &&
    local === plan.address &&
    flags.includes('UP') &&
    wantedHosts.every((host) => addr_info.some((one) => one.local === host)) &&
    addr_info.every(({ local = '' }) => !isGlobalIpv6(local) || wantedHosts.includes(local))
  );
}

function isGlobalIpv6(address: string): boolean {
  return address.includes(':') && !address.startsWith('fe80:');
}

function tunnelBatches(
  plan: PodRouterPlan,
  { device }: RouterNames,
  { link, neighbours, forwards }: Present,
  mtu: number,
): Pick<Batches, 'device' | 'forwards'> {
  const made = [
    `link add ${device} address ${vxlanMac(plan)} mtu ${mtu} type vxlan id ${vxlanId(plan)} dstport ${VXLAN_PORT} local ${plan.address} nolearning`,
    ...familiesOf(plan).map(({ own }) =>
      own.includes(':')
        ? `addr add ${firstHost(own)}/128 dev ${device} nodad`
        : `addr add ${firstHost(own)}/32 dev ${device}`,
    ),
    `link set ${device} up`,
  ];
  const all = familiesOf(plan).flatMap(({ paths }) => paths);
  const ends = all.flatMap(({ node, podCidr, address, way }) =>
    way === 'vxlan'
      ? [{ node, gateway: firstHost(podCidr) ?? '', mac: vxlanMac({ cluster: plan.cluster, node }), address }]
      : [],
  );
  const gateways = new Set(ends.map(({ gateway }) => gateway));
  const addresses = new Map(ends.map(({ mac, address }) => [mac, address]));
  const knownMacs = new Map(neighbours.map(({ dst, lladdr }) => [dst, lladdr]));
  const isOver = (isNamed: boolean): boolean => isNamed || plan.isWhole;
  // A bridge program that appends would send to both.
  const wrong = forwards.filter(
    ({ mac, dst }) => dst !== undefined && addresses.get(mac) !== dst && isOver(addresses.has(mac)),
  );
  const known = new Set(forwards.map(({ mac, dst }) => `${mac} ${dst}`));
  return {
    device: [
      ...(link ? [] : made).map((text) => ({ text })),
      ...ends
        .filter(({ gateway, mac }) => knownMacs.get(gateway) !== mac)
        .map(({ node, gateway, mac }) => ({
          node,
          text: `neigh replace ${gateway} lladdr ${mac} dev ${device} nud permanent`,
        })),
      ...neighbours
        .filter(({ dst }) => isOver(false) && !gateways.has(dst))
        .map(({ dst }) => ({ text: `neigh del ${dst} dev ${device}` })),
    ],
    forwards: [
      ...wrong.map(({ mac, dst }) => ({ text: `fdb del ${mac} dev ${device} dst ${dst} self` })),
      ...[...new Map(ends.map((end) => [end.mac, end])).values()]
        .filter(({ mac, address }) => !known.has(`${mac} ${address}`))
        .map(({ node, mac, address }) => ({
          node,
          text: `fdb append ${mac} dev ${device} dst ${address} self permanent`,
        })),
    ],
  };
}

function routeBatches(
  families: readonly FamilyPlan[],
  names: RouterNames,
  present: readonly ShownRoute[],
): Pick<Batches, 'routes' | 'leftOver'> {
  const wanted = new Map(families.flatMap((family) => wantedRoutes(family, names)));
  const there = new Map(present.map((route) => [route.dst, route]));
  const missing = [...wanted].filter(([cidr, { isThere }]) => {
    const route = there.get(cidr);
    return route === undefined || !isThere(route);
  });
  const isWhole = families.every((family) => family.isWhole);
  return {
    // What is unreachable comes first: meanwhile nothing goes to the default route.
    routes: missing.reverse().map(([, { line }]) => line),
    leftOver: present
      .filter(({ dst }) => isWhole && !wanted.has(dst))
      .map((route) => routeRemoval(route, names.metric)),
  };
}

interface WantedRoute {
  readonly line: Line;
  readonly isThere: (route: ShownRoute) => boolean;
}
/** By their ranges. Of IPv6, the kernel chooses the source, which the rules replace: it takes no address that is not checked yet. */
function wantedRoutes(
  { paths, own: ownCidr, podCidr }: FamilyPlan,
  { device, metric }: RouterNames,
): readonly (readonly [string, WantedRoute])[] {
  const isSix = ownCidr.includes(':');
  const own = firstHost(ownCidr) ?? '';
  const source = isSix ? '' : ` src ${own}`;
  const mark = `proto ${ROUTE_PROTOCOL} metric ${metric}`;
  const wanted = paths.map(({ node, podCidr: cidr, address, way }) => {
    const gateway = way === 'vxlan' ? (firstHost(cidr) ?? '') : address;
    const line = way === 'vxlan' ? `via ${gateway} dev ${device} onlink` : `via ${gateway}`;
    const isThere = (route: ShownRoute): boolean =>
      route.gateway === gateway && (isSix || route.prefsrc === own) && (route.dev === device) === (way === 'vxlan');
    return [cidr, { line: { node, text: `route replace ${cidr} ${line}${source} ${mark}` }, isThere }] as const;
  });
  const none = {
    line: { text: `route replace unreachable ${podCidr} ${mark}` },
    isThere: (route: ShownRoute) => route.type === 'unreachable',
  };
  return [...wanted, [podCidr, none]];
}

export function routeRemoval({ dst, type }: ShownRoute, metric: number): Line {
  const kind = type === 'unreachable' ? 'unreachable ' : '';
  return { text: `route del ${kind}${dst} proto ${ROUTE_PROTOCOL} metric ${metric}` };
}

function routesOffDevice({ routes }: Present, { device }: RouterNames): readonly ShownRoute[] {
  return routes.filter(({ dev }) => dev !== device);
}
