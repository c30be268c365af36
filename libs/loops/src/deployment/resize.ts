import { deployments, replicaSets, type ReplicaSet } from '#kinds';
import type { Submit } from '#model';
import { incident, mergeDiff, patch, streamOfObject } from '../shared/index.js';
import { replicaAnnotations } from './annotations.js';
import { replicasOf, type Situation } from './situation.js';

/** Sets the number of pods of one set, and notes what it was worked out from. Nothing when all is so already. */
export function resize(situation: Situation, set: ReplicaSet, to: number, because: string): readonly Submit[] {
  const { view, deployment, now } = situation;
  const from = replicasOf(set);
  const annotations = mergeDiff(set.metadata.annotations, {
    ...set.metadata.annotations,
    ...replicaAnnotations(deployment),
  });
  if (from === to && !annotations) return [];
  const body = { ...(annotations && { metadata: { annotations } }), ...(from !== to && { spec: { replicas: to } }) };
  const basedOn = [streamOfObject(deployments, deployment), streamOfObject(replicaSets, set)];
  if (from === to) return [patch(replicaSets, set, body, { because, basedOn })];
  return [
    patch(replicaSets, set, body, {
      because,
      basedOn,
      event: { type: 'DeploymentScaled', facts: { deployment: deployment.metadata.name, from, to, because } },
      then: incident(view, now, {
        about: deployment,
        type: 'Normal',
        reason: 'ScalingReplicaSet',
        message: `Scaled ${to > from ? 'up' : 'down'} replica set ${set.metadata.name} from ${from} to ${to}`,
        component: 'deployment-controller',
        eachTime: true,
      }),
    }),
  ];
}
