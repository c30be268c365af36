import { changed } from '../../shared/pod-defaults.js';
import { ipFamily } from '../../shared/ip.js';
import type { Problem } from '#model';
import type { Pod } from './schema.js';

/** The single address is the first of the list; where they differ the single one, which older agents send, counts. */
export function withPodIps(object: Pod): Pod {
  const { status } = object;
  if (status === undefined) return object;
  const { podIP, podIPs } = status;
  const first = podIPs?.[0]?.ip;
  if (podIP === first) return object;
  if (podIP) return changed<Pod>(object, { status: { ...status, podIPs: [{ ip: podIP }] } });
  return first ? changed<Pod>(object, { status: { ...status, podIP: first } }) : object;
}

/** A pod has at most one address of each family. */
export function validatePodStatus(object: Pod): readonly Problem[] {
  const ips = (object.status?.podIPs ?? []).map((entry) => entry.ip ?? '');
  const problems: Problem[] = [];
  for (const [i, ip] of ips.entries()) {
    if (ipFamily(ip) !== undefined) continue;
    const detail = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
    problems.push({ type: 'Invalid', field: `status.podIPs[${i}]`, value: ip, detail });
  }
  const families = ips.map(ipFamily);
  if (ips.length > 1 && problems.length === 0 && (ips.length > 2 || families[0] === families[1])) {
    const value = ips.map((ip) => ({ IP: ip }));
    problems.push({
      type: 'Invalid',
      field: 'status.podIPs',
      value,
      detail: 'may specify no more than one IP for each IP family',
    });
  }
  return problems;
}

/** Parts of features that are off are dropped from a report, as they are from a spec. */
export function withoutDisabledStatus(status: Pod['status']): Pod['status'] {
  if (status === undefined) return status;
  const strip = <S extends { readonly allocatedResourcesStatus?: unknown }>(container: S): S => {
    if (container.allocatedResourcesStatus === undefined) return container;
    const { allocatedResourcesStatus: _health, ...rest } = container;
    return rest as S;
  };
  const { extendedResourceClaimStatus: _claims, ...rest } = status;
  return {
    ...rest,
    ...(rest.containerStatuses && { containerStatuses: rest.containerStatuses.map(strip) }),
    ...(rest.initContainerStatuses && { initContainerStatuses: rest.initContainerStatuses.map(strip) }),
    ...(rest.ephemeralContainerStatuses && { ephemeralContainerStatuses: rest.ephemeralContainerStatuses.map(strip) }),
  };
}
