import { f, list, named, object, string, time } from '#model';

export const FLOW_CONTROL = 'io.k8s.api.flowcontrol.v1';

/** The status of both kinds: conditions of their own type. */
export function conditionedStatus(kind: 'FlowSchema' | 'PriorityLevelConfiguration') {
  const condition = object(`${FLOW_CONTROL}.${kind}Condition`, `One condition of a ${kind}.`, {
    type: f(named(`v1.${kind}ConditionType`), 1, 'Type of the condition.'),
    status: f(named('v1.ConditionStatus'), 2, 'True, False or Unknown.'),
    lastTransitionTime: f(time, 3, 'Time of the last change of the status.', { always: null }),
    reason: f(string, 4, 'Reason of the last change, in one CamelCase word.'),
    message: f(string, 5, 'Details of the last change.'),
  });
  return object(`${FLOW_CONTROL}.${kind}Status`, `Observed state of a ${kind}.`, {
    conditions: f(list(condition), 1, 'Current conditions.', {
      ...{ listType: 'map', mapKeys: ['type'], mergeKey: 'type' },
      patchStrategy: 'merge',
    }),
  });
}
