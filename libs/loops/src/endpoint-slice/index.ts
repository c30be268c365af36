import { endpointSlices, nodes, pods, services, type Pod, type Service } from '#kinds';
import { mapMatcher } from '#meta';
import type { Change, Decision, KubeObject, Loop, View } from '#model';
import { jsonEquals } from '#std';
import { keyOf, parseKey, sides } from '../shared/index.js';
import { endpointsOf, ZONE_LABEL } from './endpoints.js';
import { MANAGED_BY, MANAGER, SERVICE_NAME } from './labels.js';
import { arrange } from './arrange.js';
import { writes } from './writes.js';

/** Keeps the slices in which proxies and DNS find the pods behind each service with a selector. */
export const endpointSlice: Loop = {
  name: 'endpoint-slice',
  account: 'endpointslice-controller',
  keysOf(change, view) {
    switch (change.kind) {
      case services.id:
        return sides(change).slice(-1).map(keyOf);
      case endpointSlices.id:
        return sides(change).slice(-1).flatMap(serviceOf);
      case pods.id:
        return hasMoved(change) ? behind(view, sides(change) as readonly Pod[]) : [];
      case nodes.id:
        return zoneOf(change.before) === zoneOf(change.after) && change.before && change.after
          ? []
          : behind(view, sides(change).slice(-1).flatMap((node) => view.podsOnNode(node.metadata.name) as readonly Pod[]));
      default:
        return [];
    }
  },
  keysAtStart: (view) => view.list(services).map(keyOf),
  reconcile(view, key) {
    const { namespace, name } = parseKey(key);
    const service = view.get(services, namespace, name);
    return service && isOurs(service) ? reconcile(view, service) : [];
  },
};

function reconcile(view: View, service: Service): readonly Decision[] {
  const known = view.list(endpointSlices, service.metadata.namespace).filter((slice) => {
    const { labels } = slice.metadata;
    return labels?.[SERVICE_NAME] === service.metadata.name && labels[MANAGED_BY] === MANAGER;
  });
  const families = familiesOf(service);
  const plans = families.flatMap((family) => {
    const ofFamily = known.filter((slice) => slice.addressType === family);
    return arrange(ofFamily, endpointsOf(view, service, family)).map((plan) => ({ ...plan, family }));
  });
  const strays = known.filter((slice) => !families.includes(slice.addressType)).map((slice) => ({ slice, wanted: undefined, family: slice.addressType }));
  return writes(view, service, [...plans, ...strays]);
}

/** Services without a selector, and names for something outside, are kept by others. */
function isOurs({ metadata, spec }: Service): boolean {
  return spec.selector !== undefined && spec.type !== 'ExternalName' && metadata.deletionTimestamp === undefined;
}
function familiesOf({ spec }: Service): readonly string[] {
  if (spec.ipFamilies && spec.ipFamilies.length > 0) return spec.ipFamilies;
  return [spec.clusterIP?.includes(':') ? 'IPv6' : 'IPv4'];
}

function serviceOf({ metadata }: KubeObject): readonly string[] {
  const name = metadata.labels?.[SERVICE_NAME];
  return name !== undefined && metadata.labels?.[MANAGED_BY] === MANAGER ? [`${metadata.namespace ?? ''}/${name}`] : [];
}
/** Services that choose, or chose, one of these pods. */
function behind(view: View, found: readonly Pod[]): readonly string[] {
  const keys = new Set<string>();
  for (const pod of found) {
    for (const service of view.list(services, pod.metadata.namespace)) {
      if (isOurs(service) && mapMatcher(service.spec.selector).matches(pod.metadata.labels)) keys.add(keyOf(service));
    }
  }
  return [...keys];
}

/** Whether anything of a pod changed that an endpoint is made of. */
function hasMoved({ before, after }: Change): boolean {
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
function zoneOf(node: KubeObject | undefined): string | undefined {
  return node?.metadata.labels?.[ZONE_LABEL];
}
