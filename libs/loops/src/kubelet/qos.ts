import { initContainersOf } from './pod.js';
import type { Pod } from './pod.js';
import { milliOf } from './amounts.js';

/** Guaranteed when every container's limits equal its requests for both cpu and memory; BestEffort when none is set. */
export function qosClassOf(pod: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  let any = false;
  let equal = true;
  for (const container of [...initContainersOf(pod), ...pod.spec.containers]) {
    for (const resource of ['cpu', 'memory']) {
      const limit = milliOf(container.resources?.limits?.[resource]);
      const request = milliOf(container.resources?.requests?.[resource]) ?? limit;
      if ((limit ?? 0) > 0 || (request ?? 0) > 0) any = true;
      if (limit === undefined || limit === 0 || request !== limit) equal = false;
    }
  }
  if (!any) return 'BestEffort';
  return equal ? 'Guaranteed' : 'Burstable';
}
