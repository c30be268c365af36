import type { Pod } from '#pod';
import { changed } from '../../pod-template/pod-defaults.js';

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

/** Parts of features that are off are dropped from a report, as they are from a spec, unless they were there before. */
export function withoutDisabledStatus(status: Pod['status'], old: Pod['status']): Pod['status'] {
  if (status === undefined) return status;
  const strip = <S extends { readonly allocatedResourcesStatus?: unknown }>(container: S): S => {
    if (container.allocatedResourcesStatus === undefined) return container;
    const { allocatedResourcesStatus: _health, ...rest } = container;
    return rest as S;
  };
  const { extendedResourceClaimStatus: _claims, resources, allocatedResources, ...rest } = status;
  const keeps = old?.resources !== undefined || old?.allocatedResources !== undefined;
  return {
    ...rest,
    ...(keeps && resources && { resources }),
    ...(keeps && allocatedResources && { allocatedResources }),
    ...(rest.containerStatuses && { containerStatuses: rest.containerStatuses.map(strip) }),
    ...(rest.initContainerStatuses && { initContainerStatuses: rest.initContainerStatuses.map(strip) }),
    ...(rest.ephemeralContainerStatuses && { ephemeralContainerStatuses: rest.ephemeralContainerStatuses.map(strip) }),
  };
}
