import type { Service } from '#kinds';
import { mapMatcher } from '#meta';
import type { Change, View } from '#model';
import type { Pod } from '#pod';
import { jsonEquals } from '#std';
import { keyOf, maySelect, servicesBySelector } from '../shared/index.js';

/** Services without a selector, and names for something outside, are kept by others. */
export function isOurs({ metadata, spec }: Service): boolean {
  return spec.selector !== undefined && spec.type !== 'ExternalName' && metadata.deletionTimestamp === undefined;
}
export function familiesOf({ spec }: Service): readonly string[] {
  if (spec.ipFamilies && spec.ipFamilies.length > 0) return spec.ipFamilies;
  return [spec.clusterIP?.includes(':') ? 'IPv6' : 'IPv4'];
}

/** Services that choose, or chose, one of these pods. */
export function behind(view: View, found: readonly Pod[]): readonly string[] {
  const keys = new Set<string>();
  for (const pod of found) {
    for (const service of maySelect(view, servicesBySelector, pod)) {
      if (isOurs(service) && mapMatcher(service.spec.selector).matches(pod.metadata.labels)) keys.add(keyOf(service));
    }
  }
  return [...keys];
}

/** Whether anything of a pod changed that an endpoint is made of. */
export function hasMoved({ before, after }: Change): boolean {
  if (!before || !after) return true;
  const [was, is] = [before as Pod, after as Pod];
  const ready = (pod: Pod) => pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return (
    was.metadata.uid !== is.metadata.uid ||
    was.metadata.deletionTimestamp !== is.metadata.deletionTimestamp ||
    was.spec.nodeName !== is.spec.nodeName ||
    was.status?.phase !== is.status?.phase ||
    ready(was) !== ready(is) ||
    !jsonEquals(was.metadata.labels, is.metadata.labels) ||
    !jsonEquals(was.status?.podIPs, is.status?.podIPs) ||
    was.status?.podIP !== is.status?.podIP
  );
}
