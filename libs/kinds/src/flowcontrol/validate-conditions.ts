import { duplicate, required } from '#meta';
import { items, type Problems } from '../validation/checks.js';

/** Conditions of both kinds: each type once. */
export function validateFlowConditions(conditions: readonly { readonly type?: string }[] | undefined): Problems {
  const seen = new Set<string>();
  return items(conditions).flatMap(({ type = '' }, i) => {
    const field = `status.conditions[${i}].type`;
    const isTwice = seen.has(type);
    seen.add(type);
    return [
      ...(isTwice ? [duplicate(field, type)] : []),
      ...(type === '' ? [required(field, 'must not be empty')] : []),
    ];
  });
}
