import { byteLength, dns1123Label, forbidden, invalid, required, tooLong } from '#meta';
import { each, oneOf, type Problems } from '../../validation/checks.js';
import { domainPrefixedPath, typedReference } from '../../validation/references.js';
import type { IngressClass, IngressClassSpec } from './schema.js';

const CONTROLLER = 'spec.controller';
const CONTROLLER_BYTES_MAX = 250;
const SCOPES = ['Cluster', 'Namespace'];

/** Problems of a class, in Kubernetes' order. */
export function ingressClassProblems({ spec }: IngressClass): Problems {
  const { controller = '' } = spec;
  return [
    ...(byteLength(controller) > CONTROLLER_BYTES_MAX ? [tooLong(CONTROLLER, CONTROLLER_BYTES_MAX)] : []),
    ...domainPrefixedPath(CONTROLLER, controller),
    ...(spec.parameters ? parameterProblems('spec.parameters', spec.parameters) : []),
  ];
}
export function ingressClassUpdateProblems(object: IngressClass, old: IngressClass): Problems {
  const { controller = '' } = object.spec;
  const isOther = controller !== (old.spec.controller ?? '');
  return [...(isOther ? [invalid(CONTROLLER, controller, 'field is immutable')] : []), ...ingressClassProblems(object)];
}

function parameterProblems(field: string, parameters: NonNullable<IngressClassSpec['parameters']>): Problems {
  const { scope, namespace } = parameters;
  return [
    ...typedReference(field, parameters),
    ...oneOf(`${field}.scope`, scope, SCOPES),
    ...namespaceProblems(`${field}.namespace`, scope, namespace),
  ];
}
function namespaceProblems(field: string, scope: string | undefined, namespace: string | undefined): Problems {
  if (scope === 'Cluster' && namespace !== undefined) {
    return [forbidden(field, "`parameters.scope` is set to 'Cluster'")];
  }
  if (scope !== 'Namespace') return [];
  return namespace
    ? each(field, namespace, dns1123Label(namespace))
    : [required(field, "`parameters.scope` is set to 'Namespace'")];
}
