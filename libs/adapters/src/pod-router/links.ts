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
/** Lines for `ip -batch` and `bridge -batch`, to be carried out in this order. */
export interface Batches {
  readonly device: readonly string[];
  readonly forwards: readonly string[];
  readonly routes: readonly string[];
  /** What is left over, once all else is there. */
  readonly leftOver: readonly string[];
}

/** What has to be done so that the kernel has what the plan says: nothing where it has. `mtu` is that of the VXLAN device. */
export function batchesFor(plan: PodRouterPlan, names: RouterNames, present: Present, mtu: number): Batches {
  const isTunneled = plan.paths.some(({ way }) => way === 'vxlan');
  const isKept = present.link !== undefined && isTunneled && isRight(present.link, plan, mtu);
  // With the device, everything on it goes.
  const there: Present = isKept
    ? present
    : { routes: routesOffDevice(present, names), link: undefined, neighbours: [], forwards: [] };
  const tunnel = isTunneled ? tunnelBatches(plan, names, there, mtu) : { device: [], forwards: [], leftOver: [] };
  const { routes, leftOver } = routeBatches(plan, names, there.routes);
  const gone = present.link !== undefined && !isKept ? [`link del ${names.device}`] : [];
  return {
    // Routes that lead elsewhere from now on are changed before the device goes, unless it is made anew.
    device: [...(isTunneled ? gone : []), ...tunnel.device],
    forwards: tunnel.forwards,
    routes,
    leftOver: [...leftOver, ...tunnel.leftOver, ...(isTunneled ? [] : gone)],
  };
}

function isRight(
  { address, mtu, flags = [], linkinfo, addr_info = [] }: ShownLink,
  plan: PodRouterPlan,
  wanted: number,
): boolean {
  const { id, local, port } = linkinfo?.info_data ?? {};
  return (
    address === vxlanMac(plan) &&
    mtu === wanted &&
    id === vxlanId(plan) &&
    port === VXLAN_PORT &&
    local === plan.address &&
    flags.includes('UP') &&
    addr_info.some((one) => one.local === firstHost(plan.pods.cidr))
  );
}

function tunnelBatches(
  plan: PodRouterPlan,
  { device }: RouterNames,
  { link, neighbours, forwards }: Present,
  mtu: number,
): Pick<Batches, 'device' | 'forwards' | 'leftOver'> {
  const made = [
    `link add ${device} address ${vxlanMac(plan)} mtu ${mtu} type vxlan id ${vxlanId(plan)} dstport ${VXLAN_PORT} local ${plan.address} nolearning`,
    `addr add ${firstHost(plan.pods.cidr)}/32 dev ${device}`,
    `link set ${device} up`,
  ];
  const ends = plan.paths.flatMap(({ node, podCidr, address, way }) =>
    way === 'vxlan'
      ? [{ gateway: firstHost(podCidr) ?? '', mac: vxlanMac({ cluster: plan.cluster, node }), address }]
      : [],
  );
  const macs = new Map(ends.map(({ gateway, mac }) => [gateway, mac]));
  const addresses = new Map(ends.map(({ mac, address }) => [mac, address]));
  const knownMacs = new Map(neighbours.map(({ dst, lladdr }) => [dst, lladdr]));
  // A bridge program that appends would send to both.
  const wrong = forwards.filter(({ mac, dst }) => dst !== undefined && addresses.get(mac) !== dst);
  const known = new Set(forwards.map(({ mac, dst }) => `${mac} ${dst}`));
  return {
    device: [
      ...(link ? [] : made),
      ...[...macs]
        .filter(([gateway, mac]) => knownMacs.get(gateway) !== mac)
        .map(([gateway, mac]) => `neigh replace ${gateway} lladdr ${mac} dev ${device} nud permanent`),
      ...neighbours.filter(({ dst }) => !macs.has(dst)).map(({ dst }) => `neigh del ${dst} dev ${device}`),
    ],
    forwards: [
      ...wrong.map(({ mac, dst }) => `fdb del ${mac} dev ${device} dst ${dst} self`),
      ...[...addresses]
        .filter(([mac, address]) => !known.has(`${mac} ${address}`))
        .map(([mac, address]) => `fdb append ${mac} dev ${device} dst ${address} self permanent`),
    ],
    leftOver: [],
  };
}

function routeBatches(
  { paths, pods, podCidr }: PodRouterPlan,
  { device, metric }: RouterNames,
  present: readonly ShownRoute[],
): Pick<Batches, 'routes' | 'leftOver'> {
  const own = firstHost(pods.cidr) ?? '';
  const mark = `proto ${ROUTE_PROTOCOL} metric ${metric}`;
  interface Wanted {
    readonly line: string;
    readonly isThere: (route: ShownRoute) => boolean;
  }
  const wanted = new Map<string, Wanted>(
    paths.map(({ podCidr: cidr, address, way }) => {
      const gateway = way === 'vxlan' ? (firstHost(cidr) ?? '') : address;
      const line = way === 'vxlan' ? `via ${gateway} dev ${device} onlink` : `via ${gateway}`;
      const isThere = (route: ShownRoute): boolean =>
        route.gateway === gateway && route.prefsrc === own && (route.dev === device) === (way === 'vxlan');
      return [cidr, { line: `route replace ${cidr} ${line} src ${own} ${mark}`, isThere }] as const;
    }),
  );
  const none = {
    line: `route replace unreachable ${podCidr} ${mark}`,
    isThere: (route: ShownRoute) => route.type === 'unreachable',
  };
  wanted.set(podCidr, none);
  const there = new Map(present.map((route) => [route.dst, route]));
  const missing = [...wanted].filter(([cidr, { isThere }]) => {
    const route = there.get(cidr);
    return route === undefined || !isThere(route);
  });
  return {
    // What is unreachable comes first: meanwhile nothing goes to the default route.
    routes: missing.reverse().map(([, { line }]) => line),
    leftOver: present
      .filter(({ dst }) => !wanted.has(dst))
      .map(({ dst, type }) => `route del ${type === 'unreachable' ? 'unreachable ' : ''}${dst} ${mark}`),
  };
}

function routesOffDevice({ routes }: Present, { device }: RouterNames): readonly ShownRoute[] {
  return routes.filter(({ dev }) => dev !== device);
}
