import {
  addQuantities,
  compareQuantities,
  invalid,
  maxQuantity,
  notSupported,
  type Quantity,
  quantityOf,
  quantityText,
  ZERO_QUANTITY,
} from '#meta';
import type { Problem } from '#model';
import type { PodSpec } from '../pod-spec.schema.js';
import { items, type Problems } from './checks.js';
import { validateResources } from './resources.js';

/** Amounts that a pod may ask for as a whole. */
const SUPPORTED = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

export function validatePodResources(field: string, spec: PodSpec): Problems {
  const { resources } = spec;
  if (!resources) return [];
  const requests = resources.requests ?? {};
  const limits = resources.limits ?? {};
  const found: Problem[] = [
    ...validateResources(field, resources, { claims: items(spec.resourceClaims).map((c) => c.name) }),
  ];
  for (const list of ['limits', 'requests'] as const) {
    for (const name of Object.keys(resources[list] ?? {})) {
      if (name.includes('/') || SUPPORTED(name) || name === 'ephemeral-storage') {
        if (!SUPPORTED(name))
          found.push(notSupported(`${field}.${list}[${name}]`, name, ['cpu', 'hugepages', 'memory']));
      }
    }
  }
  for (const [name, text] of Object.entries(requests)) {
    const sum = aggregate(spec, name);
    if (compareQuantities(sum, quantityOf(text)) <= 0) continue;
    const words = `must be greater than or equal to aggregate container requests of ${quantityText(sum)}`;
    found.push(invalid(`${field}.requests[${name}]`, quantityText(quantityOf(text)), words));
  }
  return [...found, ...limitsWithin(field, spec, limits)];
}

/** What the containers ask for together: init containers one at a time, those that stay beside the pod all along. */
function aggregate(spec: PodSpec, name: string): Quantity {
  const asked = (container: {
    readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
  }): Quantity => quantityOf(container.resources?.requests?.[name]);
  let running = items(spec.containers).reduce((sum, c) => addQuantities(sum, asked(c)), ZERO_QUANTITY);
  let beside = ZERO_QUANTITY;
  let starting = ZERO_QUANTITY;
  for (const container of items(spec.initContainers)) {
    if (container.restartPolicy === 'Always') {
      beside = addQuantities(beside, asked(container));
      starting = maxQuantity(starting, beside);
    } else starting = maxQuantity(starting, addQuantities(beside, asked(container)));
  }
  running = addQuantities(running, beside);
  return maxQuantity(running, starting);
}

function limitsWithin(field: string, spec: PodSpec, limits: Readonly<Record<string, string>>): Problems {
  return items(spec.containers).flatMap((container, i) =>
    Object.entries(container.resources?.limits ?? {}).flatMap(([name, text]) => {
      const podLimit = limits[name];
      if (podLimit === undefined || compareQuantities(quantityOf(text), quantityOf(podLimit)) <= 0) return [];
      const at = `${field}.containers[${i}][${name}].limits`;
      return [invalid(at, text, `must be less than or equal to pod limits of ${quantityText(quantityOf(podLimit))}`)];
    }),
  );
}
