import { pods } from '#kinds';
import { streamOf, type Decision, type View } from '#model';
import { type Pod } from '#pod';
import { toTime, type Instant, type Json } from '#std';
import { incident } from '../shared/incident.js';
import type { Placement } from './schedule.js';

const SCHEDULER = 'default-scheduler';

/** Binds the pod; the event says how the node scored. */
export function bind(
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
export function cannotPlace(
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
