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

/**
 * A pod with resources of its own: huge pages of its containers count as its limit, and it asks for what its containers
 * ask for, or else for its limits.
 */
function ofPod(spec: PodSpec): ResourceRequirements | undefined {
  const { resources } = spec;
  if (!resources) return resources;
  const limits: Record<string, string> = { ...resources.limits };
  const requests: Record<string, string> = { ...resources.requests };
  for (const name of hugePages(spec)) limits[name] ??= sumOf(spec, 'limits', name) ?? '0';
  for (const name of ['cpu', 'memory']) {
    const sum = sumOf(spec, 'requests', name);
    if (sum !== undefined) requests[name] ??= sum;
  }
  for (const [name, limit] of Object.entries(limits)) requests[name] ??= sumOf(spec, 'requests', name) ?? limit;
  return changed(resources, {
    limits: sorted(limits, resources.limits),
    requests: sorted(requests, resources.requests),
  });
}
function hugePages(spec: PodSpec): readonly string[] {
  return [...new Set(lasting(spec).flatMap((c) => Object.keys(c.resources?.limits ?? {})))].filter((name) =>
    name.startsWith('hugepages-'),
  );
}
/** The containers that run as long as the pod does. */
function lasting(spec: PodSpec): readonly Container[] {
  return [...(spec.containers ?? []), ...(spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always')];
}
function sumOf(spec: PodSpec, list: 'limits' | 'requests', name: string): string | undefined {
  const texts = lasting(spec).flatMap((c) => c.resources?.[list]?.[name] ?? []);
  if (texts.length === 0) return undefined;
  return quantityText(texts.reduce((sum, text) => addQuantities(sum, quantityOf(text)), ZERO_QUANTITY));
}
function sorted(amounts: Record<string, string>, before: Readonly<Record<string, string>> | undefined) {
  const names = Object.keys(amounts).sort();
  if (names.length === Object.keys(before ?? {}).length) return before;
  return Object.fromEntries(names.map((name) => [name, amounts[name] as string]));
}
