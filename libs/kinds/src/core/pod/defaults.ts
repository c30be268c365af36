import { quantityText } from '#meta';
import type { Container, PodSpec, ResourceRequirements, Pod } from '#pod';
import { together } from '#pod';
import { changed, withPodSpecDefaults, withRequestsFromLimits } from '../../pod-template/pod-defaults.js';

/** Defaults of pods themselves, which templates do not get. */
export function podDefaults(object: Pod): Pod {
  const spec = withPodSpecDefaults(object.spec);
  const own = (container: Container): Container => ownDefaults(container, spec.hostNetwork === true);
  const containers = spec.containers?.map(own);
  const initContainers = spec.initContainers?.map(own);
  const filled = changed(spec, {
    containers: same(spec.containers, containers),
    initContainers: same(spec.initContainers, initContainers),
    enableServiceLinks: spec.enableServiceLinks ?? true,
    // Less than nothing cannot be waited; templates keep what they say.
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0 && { terminationGracePeriodSeconds: 1 }),
  });
  return changed<Pod>(object, { spec: changed(filled, { resources: ofPod(filled) }) });
}

/** In the host's network a port of a container is one of the host. */
function ownDefaults(container: Container, hostNetwork: boolean): Container {
  const ports = container.ports?.map((port) => (port.hostPort ? port : { ...port, hostPort: port.containerPort }));
  return changed(container, {
    resources: withRequestsFromLimits(container.resources),
    ...(hostNetwork && { ports }),
  });
}
function same<T>(before: readonly T[] | undefined, after: readonly T[] | undefined): readonly T[] | undefined {
  return after?.every((item, i) => item === before?.[i]) ? before : after;
}

/**
 * A pod with resources of its own: huge pages of its containers count as its limit, and, where it has limits at all, it
 * asks for what its containers ask for, or else for its limits.
 */
function ofPod(spec: PodSpec): ResourceRequirements | undefined {
  const { resources } = spec;
  if (!resources) return resources;
  const limits: Record<string, string> = { ...resources.limits };
  const requests: Record<string, string> = { ...resources.requests };
  const isNamed = Object.keys(limits).length > 0 || Object.keys(requests).length > 0;
  for (const name of isNamed ? hugePages(spec) : []) {
    const sum = requests[name] === undefined ? together(spec, 'limits', name) : undefined;
    if (sum !== undefined) limits[name] ??= quantityText(sum);
  }
  if (Object.keys(limits).length === 0) return resources;
  for (const name of ['cpu', 'memory']) {
    const sum = together(spec, 'requests', name);
    if (sum !== undefined) requests[name] ??= quantityText(sum);
  }
  for (const [name, limit] of Object.entries(limits)) if (isOfPods(name)) requests[name] ??= limit;
  return changed(resources, {
    limits: sorted(limits, resources.limits),
    requests: sorted(requests, resources.requests),
  });
}

const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
/** What a pod may ask for as a whole. */
const isOfPods = (name: string): boolean => name === 'cpu' || name === 'memory' || isHugePages(name);

function hugePages(spec: PodSpec): readonly string[] {
  const all = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  return [...new Set(all.flatMap((c) => Object.keys(c.resources?.limits ?? {})))].filter(isHugePages);
}

function sorted(amounts: Record<string, string>, before: Readonly<Record<string, string>> | undefined) {
  const names = Object.keys(amounts).sort();
  if (names.length === Object.keys(before ?? {}).length) return before;
  return Object.fromEntries(names.map((name) => [name, amounts[name] as string]));
}
