import { endpointsRef, pods, services, type Endpoints, type Service } from '#kinds';
import type { Decision, Loop, Submit, View } from '#model';
import { type Pod } from '#pod';
import { jsonEquals, type Json } from '#std';
import { behind, hasMoved, isOurs } from '../endpoint-slice/behind.js';
import { isHeadless } from '../endpoint-slice/labels.js';
import {
  create,
  keyOf,
  mergeDiff,
  parseKey,
  patch,
  podsByLabel,
  remove,
  servicesBySelector,
  sides,
  streamOfObject,
} from '../shared/index.js';
import { OVER_CAPACITY, subsetsOf, type Subset } from './subsets.js';
import { triggerOf, TRIGGER_TIME } from './trigger.js';

const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
const MANAGER = 'endpoint-controller';
const HEADLESS = 'service.kubernetes.io/headless';

/** Keeps the old form of endpoints, one object for each service with a selector, for those who still read it. */
export const endpoints: Loop = {
  name: 'endpoints',
  account: 'endpoint-controller',
  indexes: [podsByLabel, servicesBySelector],
  keysOf(change, view) {
    switch (change.kind) {
      case services.id:
        return sides(change).slice(-1).map(keyOf);
      case endpointsRef.id:
        // What people write into them stays until the pods change; what they delete is made again.
        return change.after ? [] : sides(change).map(keyOf);
      case pods.id:
        return hasMoved(change) ? behind(view, sides(change) as readonly Pod[]) : [];
      default:
        return [];
    }
  },
  keysAtStart: (view) => [
    ...view.list(services).map(keyOf),
    ...view.list(endpointsRef).filter(isLeftOver(view)).map(keyOf),
  ],
  reconcile(view, key) {
    const { namespace, name } = parseKey(key);
    const service = view.get(services, namespace, name);
    const known = view.get(endpointsRef, namespace, name);
    if (!service && known)
      return [
        remove(endpointsRef, known, { because: 'its service is gone', basedOn: [streamOfObject(endpointsRef, known)] }),
      ];
    return service && isOurs(service) ? kept(view, service, known) : [];
  },
};

/** Endpoints that this loop made, of a service that went while nobody looked. */
function isLeftOver(view: View): (object: Endpoints) => boolean {
  return ({ metadata }) =>
    metadata.labels?.[MANAGED_BY] === MANAGER && view.get(services, metadata.namespace, metadata.name) === undefined;
}

function kept(view: View, service: Service, known: Endpoints | undefined): readonly Decision[] {
  const { subsets, isCut } = subsetsOf(view, service);
  const trigger = triggerOf(view, service, subsets, known);
  const capacity = isCut ? 'truncated' : undefined;
  if (!known) return [made(service, subsets, { [TRIGGER_TIME]: trigger, [OVER_CAPACITY]: capacity })];
  const labels = mergeDiff(known.metadata.labels, labelsOf(service));
  const isSame = jsonEquals(known.subsets ?? [], subsets as unknown as Json);
  const had = known.metadata.annotations ?? {};
  if (isSame && !labels && had[OVER_CAPACITY] === capacity) return [];
  const annotations = mergeDiff(
    { [TRIGGER_TIME]: had[TRIGGER_TIME], [OVER_CAPACITY]: had[OVER_CAPACITY] },
    { [TRIGGER_TIME]: trigger, [OVER_CAPACITY]: capacity },
  );
  const metadata: Record<string, Json> = { ...(labels && { labels }), ...(annotations && { annotations }) };
  const body = {
    ...(!isSame && { subsets: subsets.length > 0 ? (subsets as unknown as Json) : null }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
  const because = isSame ? 'the labels of the service have changed' : 'the pods behind it have changed';
  return [patch(endpointsRef, known, body, { because, basedOn: [streamOfObject(endpointsRef, known)] })];
}

function made(
  service: Service,
  subsets: readonly Subset[],
  given: Readonly<Record<string, string | undefined>>,
): Submit {
  const { namespace, name } = service.metadata;
  const annotations = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const manifest = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      labels: labelsOf(service),
      ...(Object.keys(annotations).length > 0 && { annotations: annotations as Readonly<Record<string, string>> }),
    },
    ...(subsets.length > 0 && { subsets }),
  };
  return create(endpointsRef, manifest, {
    because: `${name} has a selector`,
    basedOn: [streamOfObject(services, service)],
  });
}

function labelsOf({ metadata, spec }: Service): Readonly<Record<string, string>> {
  const { [HEADLESS]: _, ...labels } = metadata.labels ?? {};
  return { ...labels, [MANAGED_BY]: MANAGER, ...(isHeadless(spec) && { [HEADLESS]: '' }) };
}
