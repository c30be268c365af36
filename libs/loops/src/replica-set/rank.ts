import { isReady } from '#pod';
import type { Pod } from '#pod';
import { parseInstant, type Instant } from '#std';
import { readySince, restartsOf } from '../shared/index.js';

const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

type Order = (a: Pod, b: Pod) => number;

/**
 * Which pods go first when a set shrinks: those that do the least (not placed, pending, not ready), then the cheapest by
 * annotation, those on crowded nodes, those ready for a shorter time, the more restarted, the younger. Times count by
 * their order of magnitude, so that chance, not age to the second, decides among pods of about one age.
 */
export function cheapestFirst(crowding: ReadonlyMap<string, number>, now: Instant): Order {
  const orders: readonly Order[] = [
    by((pod) => (pod.spec.nodeName ? 1 : 0)),
    by((pod) => PHASES[pod.status?.phase ?? 'Pending'] ?? 0),
    by((pod) => (isReady(pod) ? 1 : 0)),
    by(deletionCost),
    by((pod) => -(crowding.get(pod.spec.nodeName ?? '') ?? 0)),
    by((pod) => (isReady(pod) ? magnitude(readySince(pod), now) : 0)),
    by((pod) => -restartsOf(pod)),
    by((pod) => magnitude(parseInstant(pod.metadata.creationTimestamp), now)),
    (a, b) => (a.metadata.uid < b.metadata.uid ? -1 : a.metadata.uid > b.metadata.uid ? 1 : 0),
  ];
  return (a, b) => {
    for (const order of orders) {
      const difference = order(a, b);
      if (difference !== 0) return difference;
    }
    return 0;
  };
}

function by(rank: (pod: Pod) => number): Order {
  return (a, b) => rank(a) - rank(b);
}

/** A whole number of 32 bits, written as Kubernetes writes it; whatever else stands there counts as none. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[DELETION_COST] ?? '';
  const cost = /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
  return cost === (cost | 0) ? cost : 0;
}

/** The age as a power of two, of nanoseconds as Kubernetes counts; unknown or future counts as no age at all. */
function magnitude(since: Instant | undefined, now: Instant): number {
  const age = since === undefined ? 0 : now - since;
  return age > 0 ? Math.floor(Math.log2(age * 1e6)) : -1;
}
