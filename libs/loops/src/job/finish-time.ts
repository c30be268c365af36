import { conditionOf, type Pod } from '#pod';
import { parseInstant, type Instant } from '#std';

/**
 * When a pod ended: with its last container; where a container does not say, when the pod ceased to be ready, or, failing that,
 * when its deletion was asked for or when it was made.
 */
export function finishedAt(pod: Pod): Instant {
  return (
    lastContainerEnd(pod) ?? unreadySince(pod) ?? deletedAt(pod) ?? parseInstant(pod.metadata.creationTimestamp) ?? 0
  );
}

function lastContainerEnd({ status }: Pod): Instant | undefined {
  let last: Instant | undefined;
  for (const { state } of status?.containerStatuses ?? []) {
    const end = parseInstant(state?.terminated?.finishedAt);
    if (end === undefined) return undefined;
    last = Math.max(last ?? end, end);
  }
  return last;
}
function unreadySince(pod: Pod): Instant | undefined {
  const ready = conditionOf(pod, 'Ready');
  return ready?.status === 'False' ? parseInstant(ready.lastTransitionTime) : undefined;
}
/** When its deletion was asked for; undefined of a pod that is not deleted. */
export function deletedAt({
  metadata: { deletionTimestamp, deletionGracePeriodSeconds = 0 },
}: Pod): Instant | undefined {
  const gone = parseInstant(deletionTimestamp);
  return gone === undefined ? undefined : gone - (deletionGracePeriodSeconds ?? 0) * 1000;
}
