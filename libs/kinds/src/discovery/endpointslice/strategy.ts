import { ipWarnings } from '#meta';
import type { Strategy } from '#model';
import { jsonEquals, withoutField } from '#std';
import type { EndpointSlice } from './schema.js';
import { sliceProblems, sliceUpdateProblems } from './validate.js';

export const endpointSliceStrategy: Strategy<EndpointSlice> = {
  generation: 'managed',
  generationGrows: (object, old) => {
    const { metadata: meta, ...rest } = object;
    const { metadata: oldMeta, ...oldRest } = old;
    return !jsonEquals(rest, oldRest) || !jsonEquals(meta.labels ?? {}, oldMeta.labels ?? {});
  },
  prepareCreate: (object) => withoutEmptyLists(withoutTopology(object)),
  prepareUpdate: (object, old) =>
    withoutEmptyLists(jsonEquals(object.endpoints, old.endpoints) ? object : withoutTopology(object)),
  validate: (object) => sliceProblems(object),
  validateUpdate: (object, old) => sliceUpdateProblems(object, old),
  warnings: (object) => warnings(object),
};

/** A list without items is none. */
function withoutEmptyLists(slice: EndpointSlice): EndpointSlice {
  const endpoints = slice.endpoints?.length === 0 ? { endpoints: null } : {};
  const ports = slice.ports?.length === 0 ? { ports: null } : {};
  return slice.endpoints?.length === 0 || slice.ports?.length === 0
    ? ({ ...slice, ...endpoints, ...ports } as unknown as EndpointSlice)
    : slice;
}

/** Topology as labels belongs to the beta version; v1 has zone and nodeName for it. */
function withoutTopology(slice: EndpointSlice): EndpointSlice {
  const { endpoints } = slice;
  if (!endpoints?.some((endpoint) => endpoint.deprecatedTopology !== undefined)) return slice;
  return { ...slice, endpoints: endpoints.map((endpoint) => withoutField(endpoint, 'deprecatedTopology')) };
}

function warnings({ addressType, endpoints }: EndpointSlice): readonly string[] {
  if (addressType === 'FQDN') return ['spec.addressType: FQDN endpoints are deprecated'];
  return (endpoints ?? []).flatMap((endpoint, i) =>
    (endpoint.addresses ?? []).flatMap((address, j) => ipWarnings(`endpoints[${i}].addresses[${j}]`, address)),
  );
}
