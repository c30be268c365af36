import { endpointSlices, endpointsRef, SERVICE_NAME, type Endpoints, type EndpointSlice } from '#kinds';
import { controllerRef } from '#meta';
import type { Submit, View } from '#model';
import type { Json } from '#std';
import type { Content, Plan } from '../endpoint-slice/arrange.js';
import { MANAGED_BY } from '../endpoint-slice/labels.js';
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

export const MANAGER = 'endpointslicemirroring-controller.k8s.io';
/** Slices that people fill by hand may be larger than those that follow pods. */
export const ADDRESSES_MAX = 1000;
/** Annotations that speak of the Endpoints themselves. */
const LEFT_OUT = new Set([
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
]);

/** The writes by which the slices come to show what is planned; without Endpoints to show, all are left over. */
export function writes(
  view: View,
  endpoints: Endpoints | undefined,
  plans: readonly (Plan & { readonly family: string })[],
): readonly Submit[] {
  const missing = plans.filter(({ slice }) => slice === undefined).length;
  const names = endpoints ? [...nextChildren(view, endpoints, endpointSlices, missing).names] : [];
  return plans.flatMap(({ slice, wanted, family }) => {
    if (slice && (!wanted || !endpoints)) {
      return [
        remove(endpointSlices, slice, {
          because: 'it mirrors nothing any longer',
          basedOn: [streamOfObject(endpointSlices, slice)],
        }),
      ];
    }
    if (!wanted || !endpoints) return [];
    if (slice) return update(endpoints, slice, wanted);
    const name = names.shift();
    return name ? [make(endpoints, name, family, wanted)] : [];
  });
}

function make(endpoints: Endpoints, { name, uid }: ChildName, family: string, wanted: Content): Submit {
  const { namespace } = endpoints.metadata;
  const annotations = annotationsOf(endpoints);
  const manifest = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name,
      uid,
      generateName: namePrefix(endpoints.metadata.name),
      ...(namespace !== undefined && { namespace }),
      labels: labelsOf(endpoints),
      ...(Object.keys(annotations).length > 0 && { annotations }),
      ownerReferences: [controllerRef(endpoints)],
    },
    addressType: family,
    ...listed(wanted),
  };
  return create(endpointSlices, manifest, {
    because: `${endpoints.metadata.name} has ${wanted.endpoints.length} addresses without a slice`,
    basedOn: [streamOfObject(endpointsRef, endpoints)],
  });
}

function update(endpoints: Endpoints, slice: EndpointSlice, wanted: Content): readonly Submit[] {
  const content = mergeDiff({ endpoints: slice.endpoints ?? [], ports: slice.ports ?? [] }, wanted);
  const labels = mergeDiff(slice.metadata.labels, labelsOf(endpoints));
  const annotations = mergeDiff(slice.metadata.annotations, annotationsOf(endpoints));
  if (!content && !labels && !annotations) return [];
  const metadata = { ...(labels && { labels }), ...(annotations && { annotations }) };
  const body = { ...(content && listed(wanted)), ...((labels || annotations) && { metadata }) };
  return [
    patch(endpointSlices, slice, body, {
      because: 'the Endpoints have changed',
      basedOn: [streamOfObject(endpointSlices, slice)],
    }),
  ];
}

function labelsOf({ metadata }: Endpoints): Readonly<Record<string, string>> {
  return { ...metadata.labels, [SERVICE_NAME]: metadata.name, [MANAGED_BY]: MANAGER };
}
function annotationsOf({ metadata }: Endpoints): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => !LEFT_OUT.has(key)));
}

/** Kubernetes writes no list where there is nothing in it. */
function listed({ endpoints, ports }: Content): { readonly endpoints: Json; readonly ports: Json } {
  return {
    endpoints: endpoints.length > 0 ? (endpoints as unknown as Json) : null,
    ports: ports.length > 0 ? (ports as unknown as Json) : null,
  };
}
