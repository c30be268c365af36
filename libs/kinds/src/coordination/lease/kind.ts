import { standardKind } from '#model';
import { leaseColumns } from './columns.js';
import { nodeLeases } from './node-leases.js';
import { lease, type Lease } from './schema.js';
import { validateLease } from './validate.js';

/** A claim that lasts as long as it is renewed. */
export const leaseKind = standardKind<Lease>({
  names: { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true },
  schema: lease,
  columns: leaseColumns,
  unlogged: nodeLeases,
  strategy: {
    shortFinalizers: true,
    putCreates: true,
    unconditionalUpdate: false,
    prepareCreate: withoutGated,
    prepareUpdate: withoutGated,
    validate: validateLease,
    validateUpdate: validateLease,
  },
});

/** Fields of a feature that is off by default vanish silently. */
function withoutGated(object: Lease): Lease {
  const { strategy, preferredHolder, ...spec } = object.spec;
  return strategy === undefined && preferredHolder === undefined ? object : { ...object, spec };
}
