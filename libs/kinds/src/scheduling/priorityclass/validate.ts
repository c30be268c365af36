import { forbidden, invalid, notSupported } from '#meta';
import type { Problems } from '../../validation/checks.js';
import { SYSTEM_PRIORITY_CLASSES } from './index.js';
import type { PriorityClass } from './schema.js';

const USER_VALUE_MAX = 1_000_000_000;
const RESERVED = "priority class names with 'system-' prefix are reserved for system use only. error:";
const POLICIES = ['PreemptLowerPriority', 'Never'];

export function validatePriorityClass(object: PriorityClass): Problems {
  const { metadata, value, preemptionPolicy } = object;
  // The name may be missing, which is told elsewhere.
  const { name = '' } = metadata as { readonly name?: string };
  return [
    ...(name.startsWith('system-')
      ? systemProblems(object)
      : value > USER_VALUE_MAX
        ? [forbidden('value', `maximum allowed value of a user defined priority is ${USER_VALUE_MAX}`)]
        : []),
    ...(preemptionPolicy !== undefined && !POLICIES.includes(preemptionPolicy)
      ? [notSupported('preemptionPolicy', preemptionPolicy, POLICIES)]
      : []),
  ];
}

export function validatePriorityClassUpdate(object: PriorityClass, old: PriorityClass): Problems {
  const { value, preemptionPolicy } = object;
  return [
    ...(value === old.value ? [] : [forbidden('value', 'may not be changed in an update.')]),
    ...(preemptionPolicy === old.preemptionPolicy
      ? []
      : [invalid('preemptionPolicy', preemptionPolicy, 'field is immutable')]),
  ];
}

function systemProblems({ metadata: { name }, value, globalDefault = false }: PriorityClass): Problems {
  const problem = (why: string): Problems => [forbidden('metadata.name', `${RESERVED} ${why}`)];
  const known = SYSTEM_PRIORITY_CLASSES.get(name);
  if (known === undefined) return problem(`${name} is not a known system priority class`);
  if (value !== known) return problem(`value of ${name} PriorityClass must be ${known}`);
  return globalDefault ? problem(`globalDefault of ${name} PriorityClass must be false`) : [];
}
