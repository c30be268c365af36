import { quantityMilliValue, quantityOf, quantityValue } from '#meta';
import type { Pod } from './schema/pod.schema.js';

/** Amounts by resource name: cpu in thousandths of a core, everything else in whole units. */
export type Amounts = ReadonlyMap<string, number>;

interface Resources {
  readonly requests?: { readonly [name: string]: string };
  readonly limits?: { readonly [name: string]: string };
}
interface Needing {
  readonly restartPolicy?: string;
  readonly resources?: Resources;
}

const requestsOf = new WeakMap<object, Amounts>();

/** What a pod asks of a node: see {@link sumOf}. Worked out once per version of a pod. */
export function podRequests(pod: Pod): Amounts {
  let amounts = requestsOf.get(pod.spec);
  if (!amounts) requestsOf.set(pod.spec, (amounts = sumOf(pod)));
  return amounts;
}

/**
 * Containers and sidecars add up; an init container needs what it asks plus the sidecars before it, and the largest of
 * these moments counts; overhead comes on top; requests of the pod as a whole replace the sums.
 */
function sumOf(pod: Pod): Amounts {
  const total = new Map<string, number>();
  for (const container of pod.spec.containers) addTo(total, amountsOf(container.resources));
  const sidecars = new Map<string, number>();
  const largest = new Map<string, number>();
  for (const container of (pod.spec.initContainers ?? []) as readonly Needing[]) {
    const asked = amountsOf(container.resources);
    if (container.restartPolicy === 'Always') {
      addTo(total, asked);
      addTo(sidecars, asked);
      raiseTo(largest, sidecars);
      continue;
    }
    const moment = new Map(sidecars);
    addTo(moment, asked);
    raiseTo(largest, moment);
  }
  raiseTo(total, largest);
  // What limits of the pod imply, the API has written down as requests.
  for (const [name, amount] of listed(pod.spec.resources?.requests)) total.set(name, amount);
  addTo(total, listed((pod.spec as { readonly overhead?: { readonly [name: string]: string } }).overhead));
  return total;
}

/** Requests; a limit without a request is one. */
export function amountsOf(resources: Resources | undefined): Map<string, number> {
  return new Map([...listed(resources?.limits), ...listed(resources?.requests)]);
}

/** Quantities of a map, in the units of {@link Amounts}. */
export function listed(quantities: { readonly [name: string]: string } | undefined): Map<string, number> {
  const amounts = new Map<string, number>();
  for (const [name, text] of Object.entries(quantities ?? {})) {
    const quantity = quantityOf(text);
    amounts.set(name, name === 'cpu' ? quantityMilliValue(quantity) : quantityValue(quantity));
  }
  return amounts;
}

export function addTo(total: Map<string, number>, more: Amounts): void {
  for (const [name, amount] of more) total.set(name, (total.get(name) ?? 0) + amount);
}
function raiseTo(total: Map<string, number>, floor: Amounts): void {
  for (const [name, amount] of floor) total.set(name, Math.max(total.get(name) ?? 0, amount));
}
