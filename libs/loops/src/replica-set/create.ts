import { pods, replicaSets, type ReplicaSet } from '#kinds';
import { controllerRef } from '#meta';
import type { Decision, KubeObject, LoopRefusal, Submit, View } from '#model';
import { parseInstant, type Instant } from '#std';
import {
  create,
  dueAfter,
  incident,
  namePrefix,
  nextChildren,
  ON_ITS_WAY_MS,
  streamOfObject,
  wakeAtFirst,
  type ChildName,
  type Manifest,
  type Moment,
} from '../shared/index.js';

const CREATIONS_MAX = 500;
const COMPONENT = 'replicaset-controller';

export interface Creation extends Moment {
  readonly view: View;
  readonly set: ReplicaSet;
  readonly count: number;
  readonly refusals: readonly LoopRefusal[];
}

/**
 * The pods that are missing. After refusals one is tried alone: a full quota would refuse hundreds one by one. Those that
 * somebody who died may have sent before are waited for: their numbers are passed over, so nothing would refuse the others.
 */
export function createPods(creation: Creation): readonly Decision[] {
  const { view, set, count, now, refusals } = creation;
  const refused = refusals.filter((refusal) => refusal.verb === 'create' && refusal.kind === pods.id);
  const most = refused.length > 0 ? 1 : CREATIONS_MAX;
  const incidents = refused.slice(0, 1).flatMap((refusal) =>
    incident(view, now, {
      about: set,
      type: 'Warning',
      reason: 'FailedCreate',
      message: `Error creating: ${refusal.message}`,
      component: COMPONENT,
    }),
  );
  const { names, ahead } = nextChildren(view, set, pods, Math.min(count, most));
  const waits = ahead.map((pod) => overtakenUntil(pod, creation)).filter((until) => until > now);
  const children = names.slice(0, Math.max(0, count - waits.length));
  return [...incidents, ...children.map((child) => createPod(creation, child)), ...wakeAtFirst(waits, now)];
}

/** Until when a pod with a lower number, decided before this one, may still arrive. */
function overtakenUntil(pod: KubeObject, moment: Moment): Instant {
  return dueAfter(parseInstant(pod.metadata.creationTimestamp) ?? moment.now, ON_ITS_WAY_MS, moment);
}

function createPod({ view, set, count, now }: Creation, child: ChildName): Submit {
  return create(pods, podOf(set, child), {
    because: `${set.metadata.name} wants ${set.spec.replicas ?? 1} pods and ${count} are missing`,
    basedOn: [streamOfObject(replicaSets, set)],
    then: incident(view, now, {
      about: set,
      type: 'Normal',
      reason: 'SuccessfulCreate',
      message: `Created pod: ${child.name}`,
      component: COMPONENT,
    }),
  });
}

function podOf(set: ReplicaSet, child: ChildName): Manifest {
  const { template } = set.spec;
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  const { namespace } = set.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: child.name,
      uid: child.uid,
      generateName: namePrefix(set.metadata.name),
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ownerReferences: [controllerRef(set)],
    },
    spec: template?.spec,
  };
}
