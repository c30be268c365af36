import { conditionOf } from '#pod';
import { endpointSlices, pods, services, type Endpoint, type EndpointSlice, type Service } from '#kinds';
import { controllerRef } from '#meta';
import { streamOf, type Submit, type View } from '#model';
import { jsonEquals, parseInstant, toTime, type Instant, type Json } from '#std';
import {
  create,
  mergeDiff,
  namePrefix,
  nextChildren,
  patch,
  remove,
  streamOfObject,
  type ChildName,
} from '../shared/index.js';
import type { Content, Plan } from './arrange.js';
import { labelsOf } from './labels.js';

const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';
type FamilyPlan = Plan & { readonly family: string };

/** The writes by which the slices come to hold what is planned. */
export function writes(view: View, service: Service, plans: readonly FamilyPlan[]): readonly Submit[] {
  const missing = plans.filter(({ slice }) => slice === undefined).length;
  const names = [...nextChildren(view, service, endpointSlices, missing).names];
  const isNew = plans.every(({ slice }) => slice === undefined);
  return plans.flatMap(({ slice, wanted, family }) => {
    if (slice && !wanted) {
      return [
        remove(endpointSlices, slice, {
          because: 'it has no endpoints left',
          basedOn: [streamOfObject(endpointSlices, slice)],
        }),
      ];
    }
    if (!wanted) return [];
    if (slice) return update(view, service, slice, wanted);
    const name = names.shift();
    return name ? [make({ view, service, wanted, family, name, isNew })] : [];
  });
}

interface New {
  readonly view: View;
  readonly service: Service;
  readonly wanted: Content;
  readonly family: string;
  readonly name: ChildName;
  readonly isNew: boolean;
}
function make({ view, service, wanted, family, name, isNew }: New): Submit {
  const { namespace } = service.metadata;
  const trigger = triggerOf(view, service, wanted.endpoints, isNew);
  const manifest = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: name.name,
      uid: name.uid,
      generateName: namePrefix(service.metadata.name),
      ...(namespace !== undefined && { namespace }),
      labels: labelsOf(service),
      ...(trigger !== undefined && { annotations: { [TRIGGER_TIME]: trigger } }),
      ownerReferences: [controllerRef(service)],
    },
    addressType: family,
    ...listed(wanted),
  };
  return create(endpointSlices, manifest, {
    because: `${service.metadata.name} has ${wanted.endpoints.length} endpoints without a slice`,
    basedOn: [streamOfObject(services, service)],
  });
}

function update(view: View, service: Service, slice: EndpointSlice, wanted: Content): readonly Submit[] {
  const before = { endpoints: slice.endpoints ?? [], ports: slice.ports ?? [] };
  const content = mergeDiff(before, wanted);
  const labels = mergeDiff(slice.metadata.labels, labelsOf(service));
  if (!content && !labels) return [];
  const changed = wanted.endpoints.filter((endpoint) => !before.endpoints.some((old) => jsonEquals(old, endpoint)));
  const trigger = triggerOf(view, service, changed, false);
  const had = slice.metadata.annotations?.[TRIGGER_TIME];
  const annotations = content && trigger !== had ? { [TRIGGER_TIME]: trigger ?? null } : undefined;
  const metadata: Record<string, Json> = { ...(labels && { labels }), ...(annotations && { annotations }) };
  const body = { ...(content && listed(wanted)), ...(Object.keys(metadata).length > 0 && { metadata }) };
  const because = content ? 'the pods behind it have changed' : 'the labels of the service have changed';
  return [patch(endpointSlices, slice, body, { because, basedOn: [streamOfObject(endpointSlices, slice)] })];
}

/** Kubernetes writes no list where there is nothing in it. */
function listed({ endpoints, ports }: Content): { readonly endpoints: Json; readonly ports: Json } {
  return {
    endpoints: endpoints.length > 0 ? (endpoints as unknown as Json) : null,
    ports: ports.length > 0 ? (ports as unknown as Json) : null,
  };
}

/** When what is written now happened: by it, people measure how long the news took. */
function triggerOf(view: View, service: Service, changed: readonly Endpoint[], isNew: boolean): string | undefined {
  const moments: (Instant | undefined)[] = changed.map(({ targetRef }) => {
    const pod = view.stream(streamOf(pods.id, targetRef?.namespace, targetRef?.name ?? ''))?.object;
    return pod
      ? parseInstant(conditionOf(pod as Parameters<typeof conditionOf>[0], 'Ready')?.lastTransitionTime)
      : undefined;
  });
  if (isNew) moments.push(parseInstant(service.metadata.creationTimestamp));
  const known = moments.filter((moment) => moment !== undefined);
  return known.length > 0 ? toTime(Math.min(...known)) : undefined;
}
