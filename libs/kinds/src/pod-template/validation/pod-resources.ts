import { compareQuantities, forbidden, invalid, notSupported, quantityOf, quantityText } from '#meta';
import type { PodSpec } from '#pod';
import { together } from '#pod';
import { valueOf } from '#std';
import { items, type Problems } from '../../validation/checks.js';
import { isHugePages, resourceName, validateResources, type ResourceList } from './resources.js';

/** What a pod asks for as a whole, beside what its containers ask for. */
export function validatePodResources(field: string, spec: PodSpec): Problems {
  const { resources } = spec;
  if (!resources) return [];
  if (spec.os?.name === 'windows') return [forbidden(field, 'may not be set for a windows pod')];
  const claims = items(spec.resourceClaims).map((claim) => claim.name);
  return [
    ...(resources.claims ? [forbidden(`${field}.claims`, 'claims may not be set for Resources at pod-level')] : []),
    ...validateResources(field, resources, { claims, names: podResource }),
    ...atLeast(`${field}.requests`, resources.requests, 'requests', spec),
    // Of huge pages nothing can be promised twice.
    ...atLeast(`${field}.limits`, onlyHugePages(resources.limits), 'limits', spec),
    ...limitsWithin(field, spec, resources.limits ?? {}),
  ];
}

function podResource(field: string, name: string): Problems {
  const found = resourceName(field, name);
  if (found.length > 0 || name === 'cpu' || name === 'memory' || isHugePages(name)) return found;
  return [notSupported(field, name, ['cpu', 'hugepages-', 'memory'])];
}

function onlyHugePages(amounts: ResourceList | undefined): ResourceList {
  return Object.fromEntries(Object.entries(amounts ?? {}).filter(([name]) => isHugePages(name)));
}

/** The pod as a whole has room for what its containers have together. */
function atLeast(
  field: string,
  amounts: ResourceList | undefined,
  list: 'limits' | 'requests',
  spec: PodSpec,
): Problems {
  return Object.entries(amounts ?? {}).flatMap(([name, text]) => {
    const sum = together(spec, list, name);
    const whole = quantityOf(text);
    if (sum === undefined || compareQuantities(sum, whole) <= 0) return [];
    const words = `must be greater than or equal to aggregate container ${list} of ${quantityText(sum)}`;
    return [invalid(`${field}[${name}]`, quantityText(whole), words)];
  });
}

function limitsWithin(field: string, spec: PodSpec, limits: ResourceList): Problems {
  return items(spec.containers).flatMap((container, i) =>
    Object.entries(container.resources?.limits ?? {}).flatMap(([name, text]) => {
      const podLimit = valueOf(limits, name);
      if (podLimit === undefined || compareQuantities(quantityOf(text), quantityOf(podLimit)) <= 0) return [];
      const at = `${field}.containers[${i}][${name}].limits`;
      return [invalid(at, text, `must be less than or equal to pod limits of ${quantityText(quantityOf(podLimit))}`)];
    }),
  );
}
