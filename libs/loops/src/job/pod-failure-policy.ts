import type { Job, PodFailurePolicyRule } from '#kinds';
import { conditionOf, stateOf, type ContainerStatus, type Pod } from '#pod';

/** What a failed pod means for its job. */
export interface FailureVerdict {
  /** Of the first rule that matches; undefined where none does. */
  readonly action?: 'FailJob' | 'FailIndex' | 'Count';
  /** Whether the failure counts towards the limits. */
  readonly counts: boolean;
  /** Why the job fails. */
  readonly message?: string;
}

const COUNTS: FailureVerdict = { counts: true };

/** Asks the failure policy of the job about a failed pod. */
export function judge({ spec }: Job, pod: Pod): FailureVerdict {
  const rules = spec.podFailurePolicy?.rules ?? [];
  for (const [index, rule] of rules.entries()) {
    const match = matchOf(rule, pod);
    if (match === undefined) continue;
    switch (rule.action) {
      case 'Ignore':
        return { counts: false };
      case 'FailJob': {
        const message = `${match} matching ${rule.action} rule at index ${index}`;
        return { action: 'FailJob', counts: true, message };
      }
      case 'FailIndex':
        if (typeof spec.backoffLimitPerIndex !== 'number') continue;
        return { action: 'FailIndex', counts: true };
      case 'Count':
        return { action: 'Count', counts: true };
    }
  }
  return COUNTS;
}

/** What of the pod the rule matches, as the beginning of a sentence. */
function matchOf(rule: PodFailurePolicyRule, pod: Pod): string | undefined {
  const { namespace = '', name } = pod.metadata;
  if (rule.onExitCodes) {
    const status = failedContainer(rule.onExitCodes, pod);
    const exitCode = stateOf(status).terminated?.exitCode;
    return status && `Container ${status.name} for pod ${namespace}/${name} failed with exit code ${exitCode}`;
  }
  const condition = rule.onPodConditions?.find(
    ({ type, status = 'True' }) => conditionOf(pod, type)?.status === status,
  );
  return condition && `Pod ${namespace}/${name} has condition ${condition.type}`;
}

type ExitCodes = NonNullable<PodFailurePolicyRule['onExitCodes']>;
function failedContainer({ containerName, operator, values }: ExitCodes, { status }: Pod): ContainerStatus | undefined {
  const wanted = new Set(values ?? []);
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return all.find((one) => {
    const exitCode = stateOf(one).terminated?.exitCode ?? 0;
    if (exitCode === 0 || (typeof containerName === 'string' && one.name !== containerName)) return false;
    return wanted.has(exitCode) === (operator === 'In');
  });
}
