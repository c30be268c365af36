import { pods } from '#kinds';
import { streamOf, type Decision, type View } from '#model';
import { type Pod } from '#pod';
import { toTime, type Instant, type Json } from '#std';
import { incident } from '../shared/incident.js';

const MESSAGE = 'default-scheduler: preempting to accommodate a higher priority pod';

/** Sends a pod away with all the time it asks for, so that another gets its room. One that leaves already is left alone. */
export function sendAway(view: View, victim: Pod, preemptor: Pod, node: string, now: Instant): readonly Decision[] {
  if (victim.metadata.deletionTimestamp !== undefined) return [];
  const { namespace, name, uid, generation } = victim.metadata;
  const target = { kind: pods.id, ...(namespace !== undefined && { namespace }), name };
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: MESSAGE,
    lastProbeTime: null,
    lastTransitionTime: toTime(now),
    ...(generation !== undefined && { observedGeneration: generation }),
  };
  const types = (victim.status?.conditions ?? []).map(({ type }) => type).filter((type) => type !== 'DisruptionTarget');
  const because = `${preemptor.metadata.namespace}/${preemptor.metadata.name} has a higher priority and needs its room on ${node}`;
  return [
    {
      is: 'submit',
      because,
      basedOn: [streamOf(pods.id, namespace, name)],
      command: {
        verb: 'patch',
        ...target,
        subresource: 'status',
        patchType: 'strategic',
        body: {
          status: {
            conditions: [condition as unknown as Json],
            // Otherwise what is new would come first.
            '$setElementOrder/conditions': [...types, 'DisruptionTarget'].map((type) => ({ type })),
          },
        },
        event: { type: 'PodPreempted', facts: { node, by: preemptor.metadata.uid } },
      },
      then: [
        { is: 'submit', because, command: { verb: 'delete', ...target, body: { preconditions: { uid } } } },
        ...incident(view, now, {
          about: victim,
          related: preemptor,
          type: 'Normal',
          reason: 'Preempted',
          message: `Preempted by pod ${preemptor.metadata.uid} on node ${node}`,
          component: 'default-scheduler',
          isReportedOnly: true,
          action: 'Preempting',
        }),
      ],
    },
  ];
}
