import { dns1123Label, invalid, validateLabels, type MetaProblem } from '#meta';
import type { Toleration } from '#pod';
import { validateTolerations } from '../../pod-template/validation/affinity.js';
import { validateResources } from '../../pod-template/validation/resources.js';
import { each, items, type Problems } from '../../validation/checks.js';
import type { RuntimeClass, Scheduling } from './schema.js';

/** Problems of a class, in Kubernetes' order. */
export function runtimeClassProblems({ handler, overhead, scheduling }: RuntimeClass): Problems {
  const { podFixed } = overhead ?? {};
  return [
    ...each('handler', handler, dns1123Label(handler)),
    ...validateResources('overhead', podFixed && { limits: podFixed }, { claims: [] }),
    ...(scheduling ? schedulingProblems(scheduling) : []),
  ];
}
export function runtimeClassUpdateProblems(object: RuntimeClass, old: RuntimeClass): Problems {
  const { handler } = object;
  const moved = handler === old.handler ? [] : [invalid('handler', handler, 'field is immutable')];
  return [...runtimeClassProblems(object), ...moved];
}

function schedulingProblems({ nodeSelector, tolerations }: Scheduling): Problems {
  const labels: readonly MetaProblem[] = validateLabels(nodeSelector, 'scheduling.nodeSelector');
  const field = 'scheduling.tolerations';
  return [...labels, ...validateTolerations(field, tolerations), ...repeatedTolerations(field, items(tolerations))];
}

/** A toleration is the same as another if all but its seconds are equal. */
function repeatedTolerations(field: string, tolerations: readonly Toleration[]): Problems {
  const seen = new Set<string>();
  return tolerations.flatMap(({ key = '', operator = '', value = '', effect = '', tolerationSeconds }, i) => {
    const identity = JSON.stringify([key, operator, value, effect]);
    if (!seen.has(identity)) {
      seen.add(identity);
      return [];
    }
    const shown = { Key: key, Operator: operator, Value: value, Effect: effect };
    const seconds = { TolerationSeconds: tolerationSeconds ?? null };
    return [{ type: 'Duplicate', field: `${field}[${i}]`, value: { ...shown, ...seconds }, detail: '' }];
  });
}
