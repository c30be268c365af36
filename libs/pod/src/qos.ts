import { compareQuantities, quantityOf, ZERO_QUANTITY } from '#meta';
import type { Pod } from './schema/pod.schema.js';

type Resources = {
  readonly requests?: { readonly [name: string]: string };
  readonly limits?: { readonly [name: string]: string };
};

/** The pod's class of service: what of it is given up first when a node runs short. */
export function qosClass(pod: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const ofPod = pod.spec.resources as Resources | undefined;
  // What a pod says of itself as a whole counts alone, even if that is nothing.
  const parts = ofPod ? [ofPod] : containers(pod);
  let isBestEffort = true;
  let isGuaranteed = true;
  for (const { requests, limits } of parts) {
    for (const name of ['cpu', 'memory']) {
      const request = quantity(requests?.[name]);
      const limit = quantity(limits?.[name]);
      if (request !== undefined || limit !== undefined) isBestEffort = false;
      if (limit === undefined || (request !== undefined && compareQuantities(request, limit) !== 0))
        isGuaranteed = false;
    }
  }
  if (isBestEffort) return 'BestEffort';
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}
function containers(pod: Pod): readonly Resources[] {
  // Looked at before the pod is checked: it may lack containers.
  const all = [...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? [])];
  return all.map((container) => (container.resources ?? {}) as Resources);
}
/** Zero is the same as nothing. */
function quantity(text: string | undefined) {
  if (text === undefined) return undefined;
  const value = quantityOf(text);
  return compareQuantities(value, ZERO_QUANTITY) > 0 ? value : undefined;
}
