import type { Container } from '../../shared/container.schema.js';
import { changed, withPodSpecDefaults, withRequestsFromLimits } from '../../shared/pod-defaults.js';
import type { PodSpec } from '../../shared/pod-spec.schema.js';
import type { ResourceRequirements } from '../../shared/resources.schema.js';
import { addQuantities, quantityOf, quantityText, ZERO_QUANTITY } from '#meta';
import type { Pod } from './schema.js';

/** Defaults of pods themselves, which templates do not get. */
export function podDefaults(object: Pod): Pod {
  const spec = withPodSpecDefaults(object.spec);
  const containers = spec.containers?.map(requestsOf);
  const initContainers = spec.initContainers?.map(requestsOf);
  const filled = changed(spec, {
    containers: same(spec.containers, containers),
    initContainers: same(spec.initContainers, initContainers),
    enableServiceLinks: spec.enableServiceLinks ?? true,
  });
  return changed<Pod>(object, { spec: changed(filled, { resources: ofPod(filled) }) });
}

function requestsOf(container: Container): Container {
  return changed(container, { resources: withRequestsFromLimits(container.resources) });
}
function same<T>(before: readonly T[] | undefined, after: readonly T[] | undefined): readonly T[] | undefined {
  return after?.every((item, i) => item === before?.[i]) ? before : after;
}

/** A pod with limits of its own asks for what its containers ask for, or for the limits. */
function ofPod(spec: PodSpec): ResourceRequirements | undefined {
  const { resources } = spec;
  if (!resources?.limits) return resources;
  const requests: Record<string, string> = { ...resources.requests };
  for (const [name, limit] of Object.entries(resources.limits)) {
    if (requests[name] !== undefined) continue;
    const asked = askedByContainers(spec, name);
    requests[name] = asked ?? limit;
  }
  return changed(resources, { requests: Object.fromEntries(Object.entries(requests).sort(([a], [b]) => (a < b ? -1 : 1))) });
}
function askedByContainers(spec: PodSpec, name: string): string | undefined {
  const all = [...spec.containers, ...(spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always')];
  const asked = all.flatMap((c) => c.resources?.requests?.[name] ?? []);
  if (asked.length === 0) return undefined;
  return quantityText(asked.reduce((sum, text) => addQuantities(sum, quantityOf(text)), ZERO_QUANTITY));
}
