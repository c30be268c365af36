import { endpointSlices, nodes, pods, podsByNode, SERVICE_NAME, services, slicesByService, type Service } from '#kinds';
import type { Decision, KubeObject, Loop, View } from '#model';
import { type Pod } from '#pod';
import { keyOf, parseKey, podsByLabel, servicesBySelector, sides } from '../shared/index.js';
import { arrange } from './arrange.js';
import { behind, familiesOf, hasMoved, isOurs } from './behind.js';
import { endpointsOf, ZONE_LABEL } from './endpoints.js';
import { MANAGED_BY, MANAGER } from './labels.js';
import { writes } from './writes.js';

/** Keeps the slices in which proxies and DNS find the pods behind each service with a selector. */
export const endpointSlice: Loop = {
  name: 'endpoint-slice',
  account: 'endpointslice-controller',
  indexes: [podsByNode, podsByLabel, servicesBySelector, slicesByService],
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
          : behind(
              view,
              sides(change)
                .slice(-1)
                .flatMap((node) => view.by(podsByNode, node.metadata.name)),
            );
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
  const known = view
    .by(slicesByService, keyOf(service))
    .filter(({ metadata }) => metadata.labels?.[MANAGED_BY] === MANAGER);
  const families = familiesOf(service);
  const plans = families.flatMap((family) => {
    const ofFamily = known.filter((slice) => slice.addressType === family);
    return arrange(ofFamily, endpointsOf(view, service, family)).map((plan) => ({ ...plan, family }));
  });
  const strays = known
    .filter((slice) => !families.includes(slice.addressType))
    .map((slice) => ({ slice, wanted: undefined, family: slice.addressType }));
  return writes(view, service, [...plans, ...strays]);
}

function serviceOf({ metadata }: KubeObject): readonly string[] {
  const name = metadata.labels?.[SERVICE_NAME];
  return name !== undefined && metadata.labels?.[MANAGED_BY] === MANAGER ? [`${metadata.namespace ?? ''}/${name}`] : [];
}
function zoneOf(node: KubeObject | undefined): string | undefined {
  return node?.metadata.labels?.[ZONE_LABEL];
}
