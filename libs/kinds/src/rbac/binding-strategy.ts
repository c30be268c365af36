import { pathSegment } from '#meta';
import type { Strategy } from '#model';
import { permitsBinding } from '../access/escalation.js';
import type { AnyBinding } from './indexes.js';
import { defaultBinding, validateBinding, validateRoleRefKept } from './validate-bindings.js';

/** The life of both kinds of bindings. */
export function bindingStrategy<B extends AnyBinding>(isNamespaced: boolean): Strategy<B> {
  const kinds = isNamespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  return {
    name: pathSegment,
    revalidatesMetadata: true,
    putCreates: true,
    permits: permitsBinding,
    applyDefaults: defaultBinding,
    validate: (binding) => validateBinding(binding, kinds, isNamespaced),
    validateUpdate: (binding, old) => [
      ...validateBinding(binding, kinds, isNamespaced),
      ...validateRoleRefKept(binding, old),
    ],
  };
}
