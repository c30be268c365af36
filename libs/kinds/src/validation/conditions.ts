import { byteLength, duplicate, invalid, notSupported, patternProblem, qualifiedName, required, tooLong } from '#meta';
import type { Infer, condition } from '#model';
import { each, items, type Problems } from './checks.js';

const STATUSES = ['False', 'True', 'Unknown'];
const REASON = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const REASON_RULE =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";
const REASON_BYTES_MAX = 1024;
const MESSAGE_BYTES_MAX = 32 * 1024;

/** Conditions in the form that all newer kinds share. */
export function validateConditions(
  field: string,
  conditions: readonly Infer<typeof condition>[] | undefined,
): Problems {
  const seen = new Set<string>();
  return items(conditions).flatMap((one, i) => {
    const place = `${field}[${i}]`;
    const isTwice = seen.has(one.type);
    seen.add(one.type);
    const { reason, message, observedGeneration = 0 } = one;
    return [
      ...(isTwice ? [duplicate(`${place}.type`, one.type)] : []),
      ...each(`${place}.type`, one.type, qualifiedName(one.type)),
      ...(STATUSES.includes(one.status) ? [] : [notSupported(`${place}.status`, one.status, STATUSES)]),
      ...(observedGeneration < 0
        ? [invalid(`${place}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero')]
        : []),
      ...((one.lastTransitionTime as string | null | undefined) ? [] : [required(`${place}.lastTransitionTime`)]),
      ...reasonProblems(`${place}.reason`, reason),
      ...(byteLength(message) > MESSAGE_BYTES_MAX ? [tooLong(`${place}.message`, MESSAGE_BYTES_MAX)] : []),
    ];
  });
}

function reasonProblems(field: string, reason: string): Problems {
  if (reason === '') return [required(field)];
  const rule = patternProblem(
    REASON_RULE,
    REASON,
    'my_name',
    'MY_NAME',
    'MyName',
    'ReasonA,ReasonB',
    'ReasonA:ReasonB',
  );
  return [
    ...(new RegExp(`^${REASON}$`).test(reason) ? [] : [invalid(field, reason, rule)]),
    ...(byteLength(reason) > REASON_BYTES_MAX ? [tooLong(field, REASON_BYTES_MAX)] : []),
  ];
}
