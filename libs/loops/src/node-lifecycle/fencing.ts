import { nodes, pods, podsByNode, type Node } from '#kinds';
import { streamOf, type Decision, type Loop, type Submit, type View } from '#model';
import { fencedWithinMs, fenceAfterMs, FENCE_AFTER, hasEnded, type Pod } from '#pod';
import { toTime, type Instant, type Json } from '#std';
import { incident, patch, remove, streamOfObject } from '../shared/index.js';
import { disruption, isCutOff, lastHeard, RECHECK_MS, recheckMs } from './disruption.js';
import { evictingKey, UNREACHABLE } from './taints.js';

const COMPONENT = 'fencing-controller';

/**
 * Ends the pods of a silent node that the node has stopped by itself: those with the annotation {@link FENCE_AFTER}, so that whoever
 * made one can make it again. The node counts from when it sent the last message that was answered, this loop from when the last
 * one arrived, which is never earlier: so the node is done first, however long messages take. It is decided on the node being
 * unreachable in the log. A node that is back was marked so before it hears that it may go on, which refuses the command.
 */
export const fencing: Loop = {
  name: 'fencing',
  account: 'node-controller',
  indexes: [podsByNode],
  keysOf: ({ kind, before, after }) => {
    if (kind === nodes.id) return after && isUnreachable(after as Node) ? [after.metadata.name] : [];
    if (kind !== pods.id || !after || fenceAfterMs(after as Pod) === undefined) return [];
    const { nodeName } = (after as Pod).spec;
    return nodeName && (before as Pod | undefined)?.spec.nodeName !== nodeName ? [nodeName] : [];
  },
  keysAtStart: (view) => view.list(nodes).map((node) => node.metadata.name),
  reconcile(view, key, now, outside) {
    const node = view.get(nodes, undefined, key);
    if (!node || !isUnreachable(node)) return [];
    const fenced = view.by(podsByNode, key).filter((pod) => fenceAfterMs(pod) !== undefined);
    if (fenced.length === 0) return [];
    if (isCutOff(outside)) return [{ is: 'wake', at: now + RECHECK_MS }];
    const heard = lastHeard(key, outside);
    if (heard === undefined) return [];
    const due = (pod: Pod): Instant => heard + (fencedWithinMs(pod) ?? 0);
    const waiting = fenced.filter((pod) => due(pod) > now).map(due);
    const wakes: readonly Decision[] = waiting.length > 0 ? [{ is: 'wake', at: Math.min(...waiting) }] : [];
    const over = fenced.filter((pod) => due(pod) <= now && !isLeft(pod));
    if (over.length === 0) return wakes;
    if (!disruption(view, now, outside).mayEvict) return [...wakes, { is: 'wake', at: now + recheckMs(view) }];
    return [...wakes, ...over.map((pod) => end(view, pod, node, now))];
  },
};

function isUnreachable(node: Node): boolean {
  return evictingKey(node) === UNREACHABLE;
}
/** It ended before its node was lost: there is nothing to replace. */
function isLeft(pod: Pod): boolean {
  return hasEnded(pod) && pod.metadata.deletionTimestamp === undefined;
}

function end(view: View, pod: Pod, node: Node, now: Instant): Submit {
  const because = `${pod.metadata.name} was stopped by ${node.metadata.name}, which is silent`;
  // On the node too: one that came back meanwhile goes on with its pods.
  const basedOn = [streamOfObject(pods, pod), streamOf(nodes.id, undefined, node.metadata.name)];
  if (hasEnded(pod)) return remove(pods, pod, { because, basedOn, gracePeriodSeconds: 0 });
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByFencing',
    message: `The node is unreachable and stopped the pod ${pod.metadata.annotations?.[FENCE_AFTER] ?? ''} after it was cut off`,
    lastTransitionTime: toTime(now),
  };
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== condition.type);
  const body = { status: { phase: 'Failed', conditions: [...others, condition] as unknown as Json } };
  return patch(pods, pod, body, {
    subresource: 'status',
    because,
    basedOn,
    event: { type: 'PodFenced', facts: { node: node.metadata.name } },
    then: [
      remove(pods, pod, { because, gracePeriodSeconds: 0 }),
      ...incident(view, now, {
        about: pod,
        type: 'Warning',
        reason: 'Fenced',
        message: `Node ${node.metadata.name} is unreachable and has stopped the pod by itself`,
        component: COMPONENT,
      }),
    ],
  });
}
