import { kindRef, type ObjectIndex } from '#model';
import type { Pod } from '#pod';

/** Pods by `spec.nodeName`; `''` finds those that are bound to no node yet. */
export const podsByNode: ObjectIndex<Pod> = {
  name: 'pods by node',
  kind: kindRef<Pod>('core.pods'),
  values: (pod) => [nodeOf(pod) ?? ''],
  part: nodeOf,
};
function nodeOf(pod: Pod): string | undefined {
  return (pod.spec as Pod['spec'] | undefined)?.nodeName;
}
