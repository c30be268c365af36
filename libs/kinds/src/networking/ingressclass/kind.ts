import { standardKind } from '#model';
import { ageColumn, column, nameColumn } from '../../columns.js';
import { defaultIngressClasses } from './default-class.js';
import { ingressClass, type IngressClass } from './schema.js';
import { ingressClassProblems, ingressClassUpdateProblems } from './validate.js';

/** A class of ingresses: names the controller that serves them. */
export const ingressClassKind = standardKind<IngressClass>({
  names: {
    group: 'networking.k8s.io',
    version: 'v1',
    kind: 'IngressClass',
    plural: 'ingressclasses',
    namespaced: false,
  },
  schema: ingressClass,
  columns: [
    nameColumn,
    column<IngressClass>('Controller', 'Controller that serves its ingresses', ({ spec }) => spec.controller ?? ''),
    column<IngressClass>('Parameters', 'Object with further settings of the controller', parameters),
    ageColumn,
  ],
  indexes: [defaultIngressClasses],
  strategy: { generation: 'managed', validate: ingressClassProblems, validateUpdate: ingressClassUpdateProblems },
});

function parameters({ spec }: IngressClass): string {
  if (!spec.parameters) return '<none>';
  const { kind, apiGroup, name } = spec.parameters;
  return `${kind}${apiGroup ? `.${apiGroup}` : ''}/${name}`;
}
