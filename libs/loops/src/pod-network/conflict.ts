import { DEFAULT_SERVICE_CIDR } from '#kinds';
import { ipv4Overlap, ipv4Range } from '#meta';
import type { HostNetwork } from '#model';

/** Of container engines, which look after their own networks. */
const ENGINE_BRIDGE = /^(br-[0-9a-f]{12}|docker\d+)$/;

/**
 * Why the network of all pods cannot be used on this host, whose own networks it overlaps; undefined when it can. A route by way of
 * another machine to a larger network is no conflict: the smaller one wins.
 */
export function rangeConflict(clusterCidr: string, { routes }: HostNetwork): string | undefined {
  const size = ipv4Range(clusterCidr)?.size ?? 0;
  const route = routes.find(
    ({ cidr, device, isIndirect }) =>
      ipv4Overlap(cidr, clusterCidr) &&
      !ENGINE_BRIDGE.test(device) &&
      !(isIndirect && (ipv4Range(cidr)?.size ?? 0) > size),
  );
  if (!route) return undefined;
  const what = `${clusterCidr}, the network of pods (SHIPLOG_POD_CIDR), overlaps ${route.cidr}`;
  return `${what}, which this host has on ${route.device}: start the cluster with another one`;
}

/**
 * What of this host's networks Services hide, whose range is the same in every cluster; undefined: nothing. What is reached by way of
 * another machine counts only if it lies within the range: a larger route has other purposes.
 */
export function serviceConflict({ routes }: HostNetwork): string | undefined {
  const { cidr: range } = DEFAULT_SERVICE_CIDR;
  const size = ipv4Range(range)?.size ?? 0;
  const route = routes.find(
    ({ cidr, isIndirect }) => ipv4Overlap(cidr, range) && !(isIndirect && (ipv4Range(cidr)?.size ?? 0) > size),
  );
  if (!route) return undefined;
  const what = `${range}, where Services have their addresses, overlaps ${route.cidr}, which this host has on ${route.device}`;
  return `${what}: machines there are not reached at addresses that Services have. Give the host another network`;
}
