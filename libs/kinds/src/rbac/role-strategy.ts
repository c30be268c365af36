import { pathSegment } from '#meta';
import type { KubeObject, Strategy } from '#model';
import { permitsRole } from '../access/escalation.js';
import type { Rules } from './rules.schema.js';
import { validateRules } from './validate-rules.js';

type AnyRole = KubeObject & Rules;

/** The life of both kinds of roles. */
export function roleStrategy<R extends AnyRole>(isNamespaced: boolean): Strategy<R> {
  const validate = (role: R) => validateRules(role, isNamespaced);
  return {
    name: pathSegment,
    revalidatesMetadata: true,
    putCreates: true,
    permits: permitsRole,
    prepareCreate: withoutEmptyRules,
    prepareUpdate: withoutEmptyRules,
    validate,
    validateUpdate: validate,
  };
}

/** An empty list is stored as none: protobuf, in which Kubernetes stores roles, cannot tell them apart. */
function withoutEmptyRules<R extends AnyRole>(role: R): R {
  return role.rules?.length === 0 ? { ...role, rules: null } : role;
}
