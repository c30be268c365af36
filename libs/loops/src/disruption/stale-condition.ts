import { pods } from '#kinds';
import type { Loop, ObjectIndex } from '#model';
import { conditionOf, hasEnded, type Pod } from '#pod';
import { parseInstant, toTime, type Instant, type Json } from '#std';
import { dueAfter, keyOf, parseKey, patch, streamOfObject, wakeAtFirst } from '../shared/index.js';

/** A pod that was to be disrupted and does not terminate after so long will not be. */
const STALE_AFTER_MS = 120_000;
const TYPE = 'DisruptionTarget';
const WAITING = 'waiting';

const podsToBeDisrupted: ObjectIndex<Pod> = {
  name: 'pods that are to be disrupted',
  kind: pods,
  values: (pod) => (targetedSince(pod) === undefined ? [] : [WAITING]),
};

/** Takes the condition DisruptionTarget back from pods that were to be deleted and were not. */
export const staleDisruption: Loop = {
  name: 'stale-disruption',
  account: 'disruption-controller',
  indexes: [podsToBeDisrupted],
  keysOf: ({ kind, after }) =>
    kind === pods.id && after && targetedSince(after as Pod) !== undefined ? [keyOf(after)] : [],
  keysAtStart: (view) => view.by(podsToBeDisrupted, WAITING).map(keyOf),
  reconcile(view, key, now, outside) {
    const { namespace, name } = parseKey(key);
    const pod = view.get(pods, namespace, name);
    const since = pod && targetedSince(pod);
    if (!pod || since === undefined) return [];
    const due = dueAfter(since, STALE_AFTER_MS, { now, outside });
    if (due > now) return wakeAtFirst([due], now);
    const { generation } = pod.metadata;
    const over = {
      ...{ type: TYPE, status: 'False', lastProbeTime: null, lastTransitionTime: toTime(now) },
      ...(generation !== undefined && { observedGeneration: generation }),
    };
    const conditions = pod.status?.conditions?.map((condition) => (condition.type === TYPE ? over : condition));
    return [
      patch(
        pods,
        pod,
        { status: { conditions: conditions as unknown as Json } },
        {
          ...{ subresource: 'status', because: 'it was to be disrupted two minutes ago and does not terminate' },
          basedOn: [streamOfObject(pods, pod)],
        },
      ),
    ];
  },
};

/** Since when a pod is said to be disrupted; undefined of one that is not, that terminates or has ended, and of one that its node ends. */
function targetedSince(pod: Pod): Instant | undefined {
  const condition = conditionOf(pod, TYPE);
  if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined;
  if (pod.metadata.deletionTimestamp !== undefined || hasEnded(pod)) return undefined;
  return parseInstant(condition.lastTransitionTime);
}
