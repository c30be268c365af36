import { conditionOf } from '#pod';
import { pods, type Endpoints, type Service } from '#kinds';
import type { View } from '#model';
import { jsonEquals, parseInstant, toTime, type Instant, type Json } from '#std';
import type { Subset } from './subsets.js';

export const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

/** When what is written now happened: the first of the pods that are news, or the service itself when it is new. */
export function triggerOf(
  view: View,
  service: Service,
  subsets: readonly Subset[],
  known: Endpoints | undefined,
): string | undefined {
  const before = (known?.subsets ?? []) as readonly Subset[];
  const old = addressesOf(before);
  const moments: (Instant | undefined)[] = addressesOf(subsets)
    .filter((address) => !old.some((one) => jsonEquals(one as unknown as Json, address as unknown as Json)))
    .map(({ address: { targetRef } }) => {
      const pod = view.get(pods, targetRef?.namespace, targetRef?.name ?? '');
      return pod ? parseInstant(conditionOf(pod, 'Ready')?.lastTransitionTime) : undefined;
    });
  if (!known) moments.push(parseInstant(service.metadata.creationTimestamp));
  const times = moments.filter((moment) => moment !== undefined);
  return times.length > 0 ? toTime(Math.min(...times)) : undefined;
}

function addressesOf(subsets: readonly Subset[]) {
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [] }) => [
    ...addresses.map((address) => ({ address, ready: true })),
    ...notReadyAddresses.map((address) => ({ address, ready: false })),
  ]);
}
