import { KeptPicture, type View } from '#model';
import { addTo, hasEnded, podRequests, type Amounts } from '#pod';
import type { Pod } from '#pod';
import { podsByNode } from './indexes.js';

/** What the pods on a node take of it. Pods that have ended take nothing. */
interface Taken {
  pods: number;
  readonly amounts: Map<string, number>;
}

/** By node, for those that were asked for; `decide` binds to few of them, and each is counted once. */
const rooms = new KeptPicture<Map<string, Taken>>({
  build: () => new Map(),
  apply(picture, { before, after }) {
    count(picture, before as Pod | undefined, -1);
    count(picture, after as Pod | undefined, 1);
  },
});
/** Its changes are those of pods. */
export const nodeRooms = rooms;

/** What a node lacks for one more pod, in the scheduler's words; empty when there is room. */
export function lacks(view: View, node: string, allocatable: Amounts, pod: Pod): readonly string[] {
  const { pods, amounts } = takenOn(view, node);
  const missing: string[] = [];
  if (pods + 1 > (allocatable.get('pods') ?? 0)) missing.push('Too many pods');
  for (const [resource, amount] of podRequests(pod)) {
    if (amount > 0 && amount > (allocatable.get(resource) ?? 0) - (amounts.get(resource) ?? 0))
      missing.push(`Insufficient ${resource}`);
  }
  return missing;
}

function takenOn(view: View, node: string): Taken {
  const { picture } = rooms.of(view);
  let taken = picture.get(node);
  if (taken === undefined) {
    picture.set(node, (taken = { pods: 0, amounts: new Map() }));
    for (const pod of view.by(podsByNode, node)) count(picture, pod, 1);
  }
  return taken;
}

function count(picture: Map<string, Taken>, pod: Pod | undefined, times: 1 | -1): void {
  const taken = pod?.spec.nodeName === undefined || hasEnded(pod) ? undefined : picture.get(pod.spec.nodeName);
  if (pod === undefined || taken === undefined) return;
  taken.pods += times;
  if (times === 1) addTo(taken.amounts, podRequests(pod));
  else for (const [resource, amount] of podRequests(pod)) addTo(taken.amounts, new Map([[resource, -amount]]));
}
