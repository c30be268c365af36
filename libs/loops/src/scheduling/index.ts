import type { Pod } from '#kinds';
import { namespaces, pods } from '#kinds';
import type { Change, Decision, Loop, View } from '#model';
import { streamOf } from '#model';
import { jsonEquals, toTime, type Instant, type Json } from '#std';
import { incident } from '../shared/incident.js';
import { CLAIMS } from './claims.js';
import { clusterState, place } from './cluster-state.js';
import { forget, nominate, nominationsOf, priorityOf } from './nominated.js';
import { schedule, type Placement } from './schedule.js';
import { sendAway } from './victims.js';

const KEY = 'queue';
/** Pods decided in one look: the binds of a look are written together before the next one sees them. */
const BATCH = 256;
const SCHEDULER = 'default-scheduler';
/** What fits nowhere is looked at again after so long, even if nothing was heard that could have changed it. */
const LEFT_MS = 300_000;

/**
 * Binds pods to nodes. All waiting pods are one key: a look decides a batch in order of priority and age, each pod on a
 * state in which those before it are placed already.
 */
export const scheduling: Loop = {
  name: 'scheduling',
  account: 'kube-scheduler',
  keysOf: (change) => (concerns(change) ? [KEY] : []),
  keysAtStart: () => [KEY],
  reconcile(view, _key, now) {
    const waiting = waitingPods(view);
    if (waiting.length === 0) return [];
    const cluster = clusterState(view);
    const nominations = nominationsOf(waiting);
    const decisions: Decision[] = [];
    let bound = 0;
    let isLeft = false;
    for (const pod of waiting) {
      if (bound >= BATCH) break;
      const placement = schedule(pod, cluster, nominations);
      // Its own claim has been weighed; from here on it is where this look puts it.
      if (placement.is === 'placed') {
        forget(nominations, pod);
        place(placement.node, pod);
        bound++;
        decisions.push(...bind(view, pod, placement, now));
        continue;
      }
      isLeft = true;
      const { preemption } = placement;
      if (preemption.is === 'ineligible' && preemption.waits) continue;
      forget(nominations, pod);
      if (preemption.is === 'nominated') {
        nominate(nominations, preemption.node, pod);
        for (const victim of preemption.victims) decisions.push(...sendAway(view, victim, pod, preemption.node, now));
      }
      decisions.push(...cannotPlace(view, pod, placement, now));
    }
    return isLeft ? [...decisions, { is: 'wake', at: now + LEFT_MS }] : decisions;
  },
};
export const schedulingLoops: readonly Loop[] = [scheduling];

/** Pods, nodes, claims and the labels of namespaces; a pod's own status report changes nothing for the scheduler unless it has ended. */
function concerns(change: Change): boolean {
  if (change.kind === 'core.nodes' || change.kind === CLAIMS) return true;
  if (change.kind === namespaces.id)
    return change.before !== undefined && !jsonEquals(change.before.metadata.labels, change.after?.metadata.labels);
  if (change.kind !== pods.id) return false;
  const before = change.before as Pod | undefined;
  const after = change.after as Pod | undefined;
  if (!before || !after) return true;
  return (
    before.spec !== after.spec ||
    before.metadata.labels !== after.metadata.labels ||
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
    before.status?.nominatedNodeName !== after.status?.nominatedNodeName ||
    before.status?.phase !== after.status?.phase
  );
}

function waitingPods(view: View): readonly Pod[] {
  return (view.podsOnNode('') as readonly Pod[])
    .filter((pod) => !pod.metadata.deletionTimestamp && (pod.spec.schedulerName ?? SCHEDULER) === SCHEDULER)
    .filter((pod) => (pod.spec.schedulingGates ?? []).length === 0)
    .filter((pod) => pod.status?.phase === undefined || pod.status.phase === 'Pending')
    .map((pod) => ({ pod, stream: streamOf(pods.id, pod.metadata.namespace, pod.metadata.name) }))
    .map(({ pod, stream }) => ({ pod, stream, createdAt: view.stream(stream)?.createdAt ?? 0 }))
    .sort(inOrder)
    .map(({ pod }) => pod);
}
interface Waiting {
  readonly pod: Pod;
  readonly stream: string;
  readonly createdAt: number;
}
/** The log's order: higher priority first, then the pod whose creation has the lower position. */
function inOrder(a: Waiting, b: Waiting): number {
  const priority = priorityOf(b.pod) - priorityOf(a.pod);
  if (priority !== 0) return priority;
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt;
  return a.stream < b.stream ? -1 : 1;
}

function bind(
  view: View,
  pod: Pod,
  placement: Extract<Placement, { is: 'placed' }>,
  now: Instant,
): readonly Decision[] {
  const { namespace, name, uid } = pod.metadata;
  const node = placement.node.name;
  const because = `of ${placement.feasible} node(s) that ${namespace}/${name} fits on, ${node} scores best`;
  return [
    {
      is: 'submit',
      because,
      basedOn: [streamOf(pods.id, namespace, name)],
      command: {
        verb: 'create',
        kind: pods.id,
        ...(namespace !== undefined && { namespace }),
        name,
        subresource: 'binding',
        body: {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name, ...(namespace !== undefined && { namespace }), uid },
          target: { kind: 'Node', name: node },
        },
        event: { type: 'PodBound', facts: { node, scores: placement.scores as unknown as Json, reasons: [because] } },
      },
      then: incident(view, now, {
        about: pod,
        type: 'Normal',
        reason: 'Scheduled',
        message: `Successfully assigned ${namespace}/${name} to ${node}`,
        component: SCHEDULER,
        isReportedOnly: true,
        action: 'Binding',
      }),
    },
  ];
}

/** Says why, once: the same answer again is no news. The node where room is being made is named, or named no longer. */
function cannotPlace(
  view: View,
  pod: Pod,
  { message, preemption }: Extract<Placement, { is: 'unschedulable' }>,
  now: Instant,
): readonly Decision[] {
  const conditions = (pod.status?.conditions ?? []) as readonly PodCondition[];
  const old = conditions.find((condition) => condition.type === 'PodScheduled');
  const nominated = preemption.is === 'nominated' ? preemption.node : undefined;
  const isElsewhere = (pod.status?.nominatedNodeName || undefined) !== nominated;
  if (old?.status === 'False' && old.message === message && !isElsewhere) return [];
  const { namespace, name, generation } = pod.metadata;
  const condition: PodCondition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastProbeTime: null,
    lastTransitionTime: old?.status === 'False' && old.lastTransitionTime ? old.lastTransitionTime : toTime(now),
    ...(generation !== undefined && { observedGeneration: generation }),
  };
  return [
    {
      is: 'submit',
      because: message,
      command: {
        verb: 'patch',
        kind: pods.id,
        ...(namespace !== undefined && { namespace }),
        name,
        subresource: 'status',
        patchType: 'strategic',
        body: {
          status: {
            conditions: [condition as unknown as Json],
            ...(isElsewhere && { nominatedNodeName: nominated ?? null }),
          },
        },
        event: { type: 'PodFoundUnschedulable', facts: { message, ...(nominated !== undefined && { nominated }) } },
      },
    },
    ...incident(view, now, {
      about: pod,
      type: 'Warning',
      reason: 'FailedScheduling',
      message,
      component: SCHEDULER,
      isReportedOnly: true,
      action: 'Scheduling',
    }),
  ];
}
interface PodCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastProbeTime?: string | null;
  readonly lastTransitionTime?: string;
  readonly observedGeneration?: number;
}
