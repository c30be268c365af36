import { firstHost } from '#meta';
import type { PodPath, PodWay } from '#model';
import type { PodRouterPlan } from '#ports';
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

/** The route of a path by one of its ways; in the main table where none is named. */
export function routeOf(
  { node, podCidr: cidr, address }: PodPath,
  way: PodWay,
  plan: PodRouterPlan,
  { device, metric }: RouterNames,
  table?: number,
): WantedRoute {
  const own = firstHost(plan.pods.cidr) ?? '';
  const gateway = way === 'vxlan' ? (firstHost(cidr) ?? '') : address;
  const via = way === 'vxlan' ? `via ${gateway} dev ${device} onlink` : `via ${gateway}`;
  const where = table === undefined ? '' : ` table ${table}`;
  return {
    line: { node, text: `route replace ${cidr} ${via} src ${own} proto ${ROUTE_PROTOCOL} metric ${metric}${where}` },
    isThere: (route) =>
      route.gateway === gateway && route.prefsrc === own && (route.dev === device) === (way === 'vxlan'),
  };
}
