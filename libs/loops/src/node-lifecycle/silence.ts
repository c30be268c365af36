import type { Node } from '#kinds';
import { podsByNode } from '#kinds';
import { nodes, pods } from '#kinds';
import type { Decision, Outside, View } from '#model';
import { streamOf } from '#model';
import { toTime, type Instant, type Json } from '#std';
import { incident } from '../shared/index.js';
import { graceMs, isCutOff, lastHeard, RECHECK_MS } from './disruption.js';
import { conditionsOf, type NodeCondition } from './taints.js';

const WATCHED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];
const COMPONENT = 'node-controller';

/** Marks a silent node and its pods; or asks to be woken when it would be silent for too long. */
export function silence(view: View, node: Node, now: Instant, outside: Outside | undefined): readonly Decision[] {
  if (isCutOff(outside)) return [{ is: 'wake', at: now + RECHECK_MS }];
  const { name } = node.metadata;
  const heard = lastHeard(name, outside);
  if (heard === undefined) return [];
  const ready = conditionsOf(node).find((condition) => condition.type === 'Ready');
  const isMarked = ready?.status === 'Unknown';
  const silentAt = heard + graceMs(name, outside);
  if (now < silentAt) return [{ is: 'wake', at: silentAt }];
  const marks = podMarks(view, node, now);
  return isMarked ? marks : [mark(view, node, now, heard), ...marks];
}

function mark(view: View, node: Node, now: Instant, heard: Instant): Decision {
  const name = node.metadata.name;
  const current = conditionsOf(node);
  const unknown = WATCHED.map((type): NodeCondition => {
    const old = current.find((condition) => condition.type === type);
    return {
      type,
      status: 'Unknown',
      reason: old ? 'NodeStatusUnknown' : 'NodeStatusNeverUpdated',
      message: old ? 'Kubelet stopped posting node status.' : 'Kubelet never posted node status.',
      lastHeartbeatTime: old?.lastHeartbeatTime ?? node.metadata.creationTimestamp ?? toTime(now),
      lastTransitionTime: toTime(now),
    };
  });
  const wasReady = current.some(({ type, status }) => type === 'Ready' && status === 'True');
  const silentMs = now - heard;
  return {
    is: 'submit',
    because: `${name} has not been heard for ${Math.round(silentMs / 1000)} s`,
    basedOn: [streamOf(nodes.id, undefined, name)],
    command: {
      verb: 'patch',
      kind: nodes.id,
      namespace: undefined,
      name,
      subresource: 'status',
      patchType: 'strategic',
      body: { status: { conditions: unknown as unknown as Json } },
      event: { type: 'NodeBecameUnreachable', facts: { silentMs } },
    },
    // The event reports a transition: a node that never was Ready has none to report.
    then: !wasReady
      ? []
      : incident(view, now, {
          about: node,
          type: 'Normal',
          reason: 'NodeNotReady',
          message: `Node ${name} status is now: NodeNotReady`,
          component: COMPONENT,
        }),
  };
}

/** Pods of a node that nobody hears are not ready: traffic must go elsewhere. */
function podMarks(view: View, node: Node, now: Instant): readonly Decision[] {
  return view.by(podsByNode, node.metadata.name).flatMap((pod): readonly Decision[] => {
    const conditions = (pod.status?.conditions ?? []) as readonly { readonly type: string; readonly status: string }[];
    if (!conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')) return [];
    const { namespace, name } = pod.metadata;
    return [
      {
        is: 'submit',
        because: `its node ${node.metadata.name} is silent`,
        basedOn: [streamOf(pods.id, namespace, name)],
        command: {
          verb: 'patch',
          kind: pods.id,
          namespace,
          name,
          subresource: 'status',
          patchType: 'strategic',
          body: { status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: toTime(now) }] } },
        },
        then: incident(view, now, {
          about: pod,
          type: 'Warning',
          reason: 'NodeNotReady',
          message: 'Node is not ready',
          component: COMPONENT,
        }),
      },
    ];
  });
}
