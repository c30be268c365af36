import { isActive, type Pod } from '#pod';
import { pods, replicaSets, type ReplicaSet } from '#kinds';
import { controllerOf } from '#meta';
import type { KubeObject, Submit, View } from '#model';
import { objectsByOwner } from '#model';
import { incident, isAvailable, podsControlledBy, remove, streamOfObject, type Moment } from '../shared/index.js';
import { allowanceOf, witnesses, type Allowance } from './allowance.js';
import { cheapestFirst } from './rank.js';

export interface Deletion extends Moment {
  readonly view: View;
  readonly set: ReplicaSet;
  readonly active: readonly Pod[];
  readonly count: number;
}

/** Deletes the pods that will be missed least. */
export function deletePods({ view, set, active, count, ...moment }: Deletion): readonly Submit[] {
  const { now } = moment;
  const order = [...active].sort(cheapestFirst(crowding(view, set), now));
  const allowance = allowanceOf(view, set, moment);
  const leaving = new Set(within(allowance, set, order.slice(0, count), moment));
  const rest = allowance ? witnesses(allowance, leaving) : [];
  return [...leaving].map((pod) =>
    remove(pods, pod, {
      because: `${set.metadata.name} wants ${set.spec.replicas ?? 1} pods and has ${active.length}`,
      // The pod may have become ready since, or others are lost: then another look is due.
      basedOn: [
        streamOfObject(replicaSets, set),
        streamOfObject(pods, pod),
        ...(countsAt(pod, set, moment) ? rest : []),
      ],
      then: incident(view, now, {
        about: set,
        type: 'Normal',
        reason: 'SuccessfulDelete',
        message: `Deleted pod: ${pod.metadata.name}`,
        component: 'replicaset-controller',
      }),
    }),
  );
}

/** The pods that may go: those of no use always, available ones as far as the deployment can do without. */
function within(
  allowance: Allowance | undefined,
  set: ReplicaSet,
  chosen: readonly Pod[],
  moment: Moment,
): readonly Pod[] {
  if (!allowance) return chosen;
  let left = allowance.available;
  return chosen.filter((pod) => !countsAt(pod, set, moment) || left-- > 0);
}
function countsAt(pod: Pod, set: ReplicaSet, moment: Moment): boolean {
  return isAvailable(pod, set.spec.minReadySeconds ?? 0, moment);
}

/** How many active pods of all sets with the same owner share each node. */
function crowding(view: View, set: ReplicaSet): ReadonlyMap<string, number> {
  const owner = controllerOf(set);
  const sets = new Map([[set.metadata.uid, set as KubeObject]]);
  for (const related of owner ? view.by(objectsByOwner, owner.uid) : [])
    if (related.kind === 'ReplicaSet') sets.set(related.metadata.uid, related);
  const counts = new Map<string, number>();
  for (const pod of [...sets.values()].flatMap((one) => podsControlledBy(view, one))) {
    const node = pod.spec.nodeName;
    if (!node || !isActive(pod)) continue;
    counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return counts;
}
