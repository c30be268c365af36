import { conditionOf, fencedWithinMs, hasEnded, type Pod } from '#pod';
import { nodes, pods, podsByNode, type Node } from '#kinds';
import { streamOf, type Decision, type Loop, type ObjectIndex, type Submit, type View } from '#model';
import { parseInstant, toTime, type Instant, type Json } from '#std';
import { dueAfter, patch, remove, sides, streamOfObject, wakeAtFirst, type Moment } from '../shared/index.js';

/** A node that is missing may come back: it is given this long. */
const PATIENCE_MS = 40_000;
/** Ended pods are kept up to this number, for those who want to read their status. */
const ENDED_MAX = 12_500;
const ENDED_KEY = 'ended';
const NODE_KEY = 'node/';
const MARKED_KEY = 'marked/';
const OUT_KEY = 'out/';
/** Somebody says that the node is off and will not run anything: its pods need not be waited for. */
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';
/** The deletion that follows on a mark takes no longer, unless whoever was to write it died. */
const MARKED_MS = 5_000;

/** Pods that have ended and are kept for their status. */
const podsEnded: ObjectIndex<Pod> = {
  name: 'pods that have ended',
  kind: pods,
  values: (pod) => (hasEnded(pod) && pod.metadata.deletionTimestamp === undefined ? [ENDED_KEY] : []),
};

/**
 * Ends pods that nobody else can: those of nodes that are no more, terminating ones of nodes that are out of service, ended ones beyond a number, and those that are marked for
 * an immediate deletion which never came.
 */
export const podGarbageCollection: Loop = {
  name: 'pod-garbage-collection',
  account: 'pod-garbage-collector',
  indexes: [podsByNode, podsEnded],
  keysOf(change, view) {
    if (change.kind === nodes.id) {
      const { after } = change;
      if (after) return isOutOfService(after as Node) ? [OUT_KEY + after.metadata.name] : [];
      return sides(change).map((side) => NODE_KEY + side.metadata.name);
    }
    if (change.kind !== pods.id || !change.after) return [];
    const pod = change.after as Pod;
    const node = pod.spec.nodeName;
    const isLost = node !== undefined && node !== '' && !view.get(nodes, undefined, node);
    const isOut = node !== undefined && isTerminating(pod) && isOutOfService(view.get(nodes, undefined, node));
    return [
      ...(isOut ? [OUT_KEY + node] : []),
      ...(isLost ? [NODE_KEY + node] : []),
      ...(hasEnded(pod) ? [ENDED_KEY] : []),
      ...markedKeys([pod]),
    ];
  },
  keysAtStart(view) {
    const lost = new Set(
      view
        .list(pods)
        .map((pod) => pod.spec.nodeName ?? '')
        .filter((node) => node !== '' && !view.get(nodes, undefined, node)),
    );
    const out = view.list(nodes).filter(isOutOfService);
    return [
      ENDED_KEY,
      ...[...lost].map((node) => NODE_KEY + node),
      ...out.map((node) => OUT_KEY + node.metadata.name),
      ...markedKeys(view.list(pods)),
    ];
  },
  reconcile(view, key, now, outside) {
    if (key === ENDED_KEY) return endedPods(view);
    if (key.startsWith(OUT_KEY)) return podsOutOfService(view, key.slice(OUT_KEY.length), now);
    if (key.startsWith(MARKED_KEY)) return markedPod(view, key, { now, outside });
    return podsOfLostNode(view, key.slice(NODE_KEY.length), { now, outside });
  },
};

function markedKeys(all: readonly Pod[]): readonly string[] {
  return all.filter(isOver).map(({ metadata }) => `${MARKED_KEY}${metadata.namespace ?? ''}/${metadata.name}`);
}
/** Nothing is waited for any more: neither a grace period nor a finalizer. */
function isOver({ metadata }: Pod): boolean {
  return (
    metadata.deletionTimestamp !== undefined &&
    metadata.deletionGracePeriodSeconds === 0 &&
    (metadata.finalizers ?? []).length === 0
  );
}
/** The mark and the deletion are two events: a writer that dies, or a log that is full, between them leaves the mark alone. */
function markedPod(view: View, key: string, moment: Moment): readonly Decision[] {
  const [, namespace = '', name = ''] = key.split('/');
  const pod = view.get(pods, namespace, name);
  if (!pod || !isOver(pod)) return [];
  const due = dueAfter(parseInstant(pod.metadata.deletionTimestamp) ?? 0, MARKED_MS, moment);
  if (moment.now < due) return [{ is: 'wake', at: due }];
  const because = `${name} was to be deleted at once, and is still there`;
  return [remove(pods, pod, { because, basedOn: [streamOfObject(pods, pod)], gracePeriodSeconds: 0 })];
}

function podsOfLostNode(view: View, node: string, moment: Moment): readonly Decision[] {
  const { now } = moment;
  if (view.get(nodes, undefined, node)) return [];
  const lostAt = parseInstant(view.stream(streamOf(nodes.id, undefined, node))?.ended?.at) ?? 0;
  const found = view.by(podsByNode, node);
  const due = (pod: Pod): Instant =>
    Math.max(
      ...[lostAt, parseInstant(pod.metadata.creationTimestamp) ?? 0].map((at) =>
        // One that its node stops by itself when it is cut off may run there until then.
        dueAfter(at, Math.max(PATIENCE_MS, fencedWithinMs(pod) ?? 0), moment),
      ),
    );
  const waiting = found.filter((pod) => due(pod) > now);
  const ends = found.filter((pod) => due(pod) <= now && !isMarked(pod)).map((pod) => endPod(pod, now));
  return [...ends, ...wakeAtFirst(waiting.map(due), now)];
}

/** The taint of somebody who knows counts only for a node that is not Ready: one that runs is asked to end its pods itself. */
function isOutOfService(node: Node | undefined): boolean {
  const taints = (node?.spec.taints ?? []) as readonly { readonly key: string }[];
  if (!node || !taints.some(({ key }) => key === OUT_OF_SERVICE)) return false;
  const { conditions = [] } = (node.status ?? {}) as {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  return !conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
function isTerminating({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}
/** Those that are to go, which their node would have to report: nobody waits for it any more. */
function podsOutOfService(view: View, node: string, now: Instant): readonly Decision[] {
  if (!isOutOfService(view.get(nodes, undefined, node))) return [];
  const basedOn = [streamOf(nodes.id, undefined, node)];
  const because = `the node ${node} is out of service`;
  const found = view.by(podsByNode, node).filter((pod) => isTerminating(pod) && !isMarked(pod));
  return found.map((pod) => endPod(pod, now, { because, basedOn }));
}

/** The pod was told to go already; what keeps it is a finalizer. */
function isMarked(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined && pod.metadata.deletionGracePeriodSeconds === 0 && hasEnded(pod);
}

/** Nobody will report its end: it is said here that it failed, then it goes. */
function endPod(pod: Pod, now: Instant, outOfService?: { because: string; basedOn: readonly string[] }): Submit {
  const because = outOfService?.because ?? `the node ${pod.spec.nodeName ?? ''} is no more`;
  const basedOn = [streamOfObject(pods, pod), ...(outOfService?.basedOn ?? [])];
  if (hasEnded(pod)) return remove(pods, pod, { because, basedOn, gracePeriodSeconds: 0 });
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByPodGC',
    message: 'PodGC: node no longer exists',
    lastProbeTime: null,
    lastTransitionTime: toTime(now),
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
  };
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
  const conditions =
    outOfService !== undefined || conditionOf(pod, 'DisruptionTarget')?.reason === condition.reason
      ? pod.status?.conditions
      : [...others, condition];
  const body = { status: { phase: 'Failed', conditions: conditions as unknown as Json } };
  return patch(pods, pod, body, {
    subresource: 'status',
    because,
    basedOn,
    then: [remove(pods, pod, { because, gracePeriodSeconds: 0 })],
  });
}

function endedPods(view: View): readonly Decision[] {
  const ended = view.by(podsEnded, ENDED_KEY);
  if (ended.length <= ENDED_MAX) return [];
  const born = (pod: Pod): string => pod.metadata.creationTimestamp ?? '';
  const oldest = [...ended].sort((a, b) => (born(a) < born(b) ? -1 : born(a) > born(b) ? 1 : 0));
  return oldest.slice(0, ended.length - ENDED_MAX).map((pod) =>
    remove(pods, pod, {
      because: `more than ${ENDED_MAX} pods have ended`,
      gracePeriodSeconds: 0,
      basedOn: [streamOfObject(pods, pod)],
    }),
  );
}
