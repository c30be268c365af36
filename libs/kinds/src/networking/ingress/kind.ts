import { ipWarnings } from '#meta';
import { standardKind } from '#model';
import { items } from '../../validation/checks.js';
import { CLASS_ANNOTATION } from './class.js';
import { ingressColumns } from './columns.js';
import { ingress, type Ingress } from './schema.js';
import { ingressProblems, ingressStatusProblems, newIngressProblems } from './validate.js';

/** Leads requests from outside to services, by host and path. */
export const ingressKind = standardKind<Ingress>({
  names: {
    group: 'networking.k8s.io',
    version: 'v1',
    kind: 'Ingress',
    plural: 'ingresses',
    shortNames: ['ing'],
    namespaced: true,
  },
  schema: ingress,
  columns: ingressColumns,
  subresources: [{ name: 'status', kind: 'Ingress', verbs: ['get', 'patch', 'update'] }],
  strategy: {
    generation: 'managed',
    registryPrefix: 'ingress',
    validate: newIngressProblems,
    validateUpdate: ingressProblems,
    validateStatus: ingressStatusProblems,
    warnings: (object, old, { command }) =>
      command.subresource === 'status' ? statusWarnings(object) : old === undefined ? classWarnings(object) : [],
  },
});

function classWarnings({ spec, metadata }: Ingress): readonly string[] {
  const isOld = metadata.annotations?.[CLASS_ANNOTATION] !== undefined && spec.ingressClassName === undefined;
  return isOld ? [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`] : [];
}
function statusWarnings({ status }: Ingress): readonly string[] {
  return items(status?.loadBalancer?.ingress).flatMap(({ ip }, i) =>
    ip ? ipWarnings(`status.loadBalancer.ingress[${i}].ip`, ip) : [],
  );
}
