import { firstHost } from '#meta';
import type { PodPath, PodWay } from '#model';
import type { Line, ShownRoute } from './shown.js';
import { ROUTE_PROTOCOL, type RouterNames } from './names.js';

export interface WantedRoute {
  readonly line: Line;
  readonly isThere: (route: ShownRoute) => boolean;
}

/** Whether packets of a path may come by a way. */
export function goesBy({ way, spare }: PodPath, wanted: PodWay): boolean {
  return way === wanted || spare === wanted;
}

/**
 * The route of a path by one of its ways, from this node's own range; in the main table where none is named. Of IPv6, the kernel chooses the
 * source, which the rules replace: it takes no address that is not checked yet.
 */
export function routeOf(
  { node, podCidr: cidr, address }: PodPath,
  way: PodWay,
  ownCidr: string,
  { device, metric }: RouterNames,
  table?: number,
): WantedRoute {
  const isSix = ownCidr.includes(':');
  const own = firstHost(ownCidr) ?? '';
  const source = isSix ? '' : ` src ${own}`;
  const gateway = way === 'vxlan' ? (firstHost(cidr) ?? '') : address;
  const via = way === 'vxlan' ? `via ${gateway} dev ${device} onlink` : `via ${gateway}`;
  const where = table === undefined ? '' : ` table ${table}`;
  return {
    line: { node, text: `route replace ${cidr} ${via}${source} proto ${ROUTE_PROTOCOL} metric ${metric}${where}` },
    isThere: (route) =>
      route.gateway === gateway && (isSix || route.prefsrc === own) && (route.dev === device) === (way === 'vxlan'),
  };
}
