import { ipWarnings } from '#meta';
import { standardKind } from '#model';
import { items } from '../../validation/checks.js';
import { endpointsColumns } from './columns.js';
import { endpoints, type Endpoints } from './schema.js';
import { endpointsProblems } from './validate.js';

/** Addresses behind a service in the old form: one object for all of them. */
export const endpointsKind = standardKind<Endpoints>({
  names: {
    group: '',
    version: 'v1',
    kind: 'Endpoints',
    plural: 'endpoints',
    shortNames: ['ep'],
    listKind: 'EndpointsList',
    namespaced: true,
  },
  schema: endpoints,
  columns: endpointsColumns,
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  strategy: {
    putCreates: true,
    registryPrefix: 'services/endpoints',
    validate: endpointsProblems,
    validateUpdate: endpointsProblems,
    warnings: addressWarnings,
  },
});

function addressWarnings({ subsets }: Endpoints): readonly string[] {
  return items(subsets).flatMap((subset, i) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
      items(subset[list]).flatMap(({ ip }, j) => ipWarnings(`subsets[${i}].${list}[${j}].ip`, ip)),
    ),
  );
}
