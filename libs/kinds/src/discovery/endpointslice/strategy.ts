import type { Strategy } from '#model';
import { jsonEquals } from '#std';
import type { EndpointSlice } from './schema.js';

export const endpointSliceStrategy: Strategy<EndpointSlice> = {
  generation: 'managed',
  revalidatesMetadata: true,
  generationGrows: (object, old) => {
    const { metadata: meta, ...rest } = object;
    const { metadata: oldMeta, ...oldRest } = old;
    return !jsonEquals(rest, oldRest) || !jsonEquals(meta.labels ?? {}, oldMeta.labels ?? {});
  },
};
