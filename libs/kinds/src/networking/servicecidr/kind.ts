import { standardKind } from '#model';
import { ageColumn, column, nameColumn } from '../../columns.js';
import { items } from '../../validation/checks.js';
import { serviceCidr, type ServiceCidr } from './schema.js';
import { serviceCidrProblems, serviceCidrUpdateProblems } from './validate.js';

/** A range that services get their addresses from. */
export const serviceCidrKind = standardKind<ServiceCidr>({
  names: { group: 'networking.k8s.io', version: 'v1', kind: 'ServiceCIDR', plural: 'servicecidrs', namespaced: false },
  schema: serviceCidr,
  columns: [
    nameColumn,
    column<ServiceCidr>('CIDRs', 'Ranges of addresses', ({ spec }) => items(spec.cidrs).join(',')),
    ageColumn,
  ],
  subresources: [{ name: 'status', kind: 'ServiceCIDR', verbs: ['get', 'patch', 'update'] }],
  strategy: { validate: serviceCidrProblems, validateUpdate: serviceCidrUpdateProblems, validateStatus: () => [] },
});
