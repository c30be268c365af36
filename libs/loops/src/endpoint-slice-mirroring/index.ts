import {
  endpointSlices,
  endpointsRef,
  SERVICE_NAME,
  services,
  slicesByService,
  type EndpointSlice,
  type Endpoints,
} from '#kinds';
import type { Decision, KubeObject, Loop, View } from '#model';
import { arrange } from '../endpoint-slice/arrange.js';
import { MANAGED_BY } from '../endpoint-slice/labels.js';
import { keyOf, parseKey, sides } from '../shared/index.js';
import { groupsOf } from './groups.js';
import { ADDRESSES_MAX, MANAGER, writes } from './writes.js';

const SKIP = 'endpointslice.kubernetes.io/skip-mirror';
/** Endpoints in which programs of old agree on a leader have nothing to do with traffic. */
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
const FAMILIES = ['IPv4', 'IPv6'];

/** Shows what people write into Endpoints of services without a selector as slices, which is where proxies look. */
export const endpointSliceMirroring: Loop = {
  name: 'endpoint-slice-mirroring',
  account: 'endpointslicemirroring-controller',
  indexes: [slicesByService],
  keysOf(change) {
    const latest = sides(change).slice(-1);
    if (change.kind === services.id || change.kind === endpointsRef.id) return latest.map(keyOf);
    return change.kind === endpointSlices.id ? latest.flatMap(mirroredFor) : [];
  },
  keysAtStart: (view) => [
    ...new Set([...view.list(endpointsRef).map(keyOf), ...view.list(endpointSlices).flatMap(mirroredFor)]),
  ],
  reconcile(view, key) {
    const { namespace, name } = parseKey(key);
    const endpoints = view.get(endpointsRef, namespace, name);
    const known = view.by(slicesByService, key).filter((slice) => mirroredFor(slice)[0] === key);
    return mirrored(view, endpoints && isMirrored(view, endpoints) ? endpoints : undefined, known);
  },
};

function mirrored(view: View, endpoints: Endpoints | undefined, known: readonly EndpointSlice[]): readonly Decision[] {
  // Slices of Endpoints that were made anew belong to the old ones and go with them.
  const own = known.filter((slice) =>
    slice.metadata.ownerReferences?.some((owner) => owner.uid === endpoints?.metadata.uid),
  );
  const plans = FAMILIES.flatMap((family) => {
    const groups = endpoints ? groupsOf(endpoints, family) : [];
    if (!endpoints || groups.length === 0) return [];
    return arrange(
      own.filter((slice) => slice.addressType === family),
      groups,
      ADDRESSES_MAX,
    ).map((plan) => ({ ...plan, family }));
  });
  const planned = new Set(plans.map(({ slice }) => slice));
  const strays = known
    .filter((slice) => !planned.has(slice))
    .map((slice) => ({ slice, wanted: undefined, family: slice.addressType }));
  return writes(view, endpoints, [...plans, ...strays]);
}

function isMirrored(view: View, { metadata }: Endpoints): boolean {
  const service = view.get(services, metadata.namespace, metadata.name);
  if (!service || service.spec.selector !== undefined || metadata.deletionTimestamp !== undefined) return false;
  return metadata.labels?.[SKIP] !== 'true' && metadata.annotations?.[LEADER] === undefined;
}

function mirroredFor({ metadata }: KubeObject): readonly string[] {
  const name = metadata.labels?.[SERVICE_NAME];
  return name !== undefined && metadata.labels?.[MANAGED_BY] === MANAGER ? [`${metadata.namespace ?? ''}/${name}`] : [];
}
