import { addQuantities, maxQuantity, quantityOf, ZERO_QUANTITY, type Quantity } from '#meta';
import { valueOf } from '#std';
import type { Container } from './schema/container.schema.js';
import type { PodSpec } from './schema/pod-spec.schema.js';

/**
 * What the containers have together: init containers one at a time, those that stay beside the pod all along. Undefined
 * when none of them names the resource.
 */
export function together(spec: PodSpec, list: 'limits' | 'requests', name: string): Quantity | undefined {
  let isNamed = false;
  const of = ({ resources }: Container): Quantity => {
    const text = valueOf(resources?.[list] ?? {}, name);
    isNamed ||= text !== undefined;
    return quantityOf(text);
  };
  const running = (spec.containers ?? []).reduce((sum, c) => addQuantities(sum, of(c)), ZERO_QUANTITY);
  let beside = ZERO_QUANTITY;
  let starting = ZERO_QUANTITY;
  for (const container of spec.initContainers ?? []) {
    const amount = addQuantities(beside, of(container));
    if (container.restartPolicy === 'Always') beside = amount;
    starting = maxQuantity(starting, amount);
  }
  const most = maxQuantity(addQuantities(running, beside), starting);
  return isNamed ? most : undefined;
}
