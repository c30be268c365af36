import { firstHost } from '#meta';
import type { PodRouterPlan } from '#ports';
import { asideBatches } from './aside.js';
import { familiesOf, type FamilyPlan } from './family-plan.js';
import { ROUTE_PROTOCOL, VXLAN_PORT, vxlanId, vxlanMac, type RouterNames } from './names.js';
import { goesBy, routeOf, type WantedRoute } from './path-routes.js';
import type { Line, Present, ShownLink, ShownRoute } from './shown.js';

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
    families.some(({ paths }) => paths.some((path) => goesBy(path, 'vxlan'))) ||
    (!plan.isWhole && present.link !== undefined);
  const isKept = present.link !== undefined && isTunneled && isRight(present.link, plan, mtu);
  // With the device, everything on it goes.
  const there: Present = isKept
    ? present
    : { ...present, ...offDevice(present, names), link: undefined, neighbours: [], forwards: [] };
  const tunnel = isTunneled ? tunnelBatches(plan, names, there, mtu) : { device: [], forwards: [] };
  const { routes, leftOver } = routeBatches(families, names, there.routes);
  const aside = asideBatches(plan, names, there);
  const gone = present.link !== undefined && !isKept ? [{ text: `link del ${names.device}` }] : [];
  return {
    // Routes that lead elsewhere from now on are changed before the device goes, unless it is made anew.
    device: [...(isTunneled ? gone : []), ...tunnel.device],
    forwards: tunnel.forwards,
    routes: [...routes, ...aside.routes],
    leftOver: [...leftOver, ...aside.leftOver, ...(isTunneled ? [] : gone)],
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
  const ends = all.flatMap((path) => {
    const { node, podCidr, address } = path;
    return goesBy(path, 'vxlan')
      ? [
          {
            node,
            isSpare: path.way !== 'vxlan',
            gateway: firstHost(podCidr) ?? '',
            mac: vxlanMac({ cluster: plan.cluster, node }),
            address,
          },
        ]
      : [];
  });
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
        .map(({ node, isSpare, gateway, mac }) => ({
          ...{ node, isSpare },
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
        .map(({ node, isSpare, mac, address }) => ({
          ...{ node, isSpare },
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

/** By their ranges. */
function wantedRoutes(family: FamilyPlan, names: RouterNames): readonly (readonly [string, WantedRoute])[] {
  const { paths, own, podCidr } = family;
  const wanted = paths.map((path) => [path.podCidr, routeOf(path, path.way, own, names)] as const);
  const none = {
    line: { text: `route replace unreachable ${podCidr} proto ${ROUTE_PROTOCOL} metric ${names.metric}` },
    isThere: (route: ShownRoute) => route.type === 'unreachable',
  };
  return [...wanted, [podCidr, none]];
}

export function routeRemoval({ dst, type }: ShownRoute, metric: number): Line {
  const kind = type === 'unreachable' ? 'unreachable ' : '';
  return { text: `route del ${kind}${dst} proto ${ROUTE_PROTOCOL} metric ${metric}` };
}

function offDevice({ routes, aside }: Present, { device }: RouterNames): Pick<Present, 'routes' | 'aside'> {
  const isOff = ({ dev }: ShownRoute): boolean => dev !== device;
  return { routes: routes.filter(isOff), aside: aside.filter(isOff) };
}
