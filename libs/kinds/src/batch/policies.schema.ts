import { f, type Infer, int32, list, named, object, req, string } from '#model';

const onExitCodes = object(
  'io.k8s.api.batch.v1.PodFailurePolicyOnExitCodesRequirement',
  'Exit codes of containers that a rule matches.',
  {
    containerName: f(string, 1, 'Restricts the check to the container of this name; all containers by default.', {
      pointer: true,
    }),
    operator: req(named('v1.PodFailurePolicyOnExitCodesOperator'), 2, 'In or NotIn.'),
    values: req(list(int32), 3, 'Exit codes that the operator compares with, in ascending order.', {
      listType: 'set',
      always: null,
    }),
  },
);

const onPodCondition = object(
  'io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern',
  'A condition of a pod that a rule matches.',
  {
    type: req(named('v1.PodConditionType'), 1, 'Type of the condition.'),
    status: f(named('v1.ConditionStatus'), 2, 'Status of the condition; True by default.', { fill: 'True' }),
  },
);

export const podFailurePolicyRule = object(
  'io.k8s.api.batch.v1.PodFailurePolicyRule',
  'What is done about a failed pod that meets one requirement.',
  {
    action: req(named('v1.PodFailurePolicyAction'), 1, 'FailJob, FailIndex, Ignore or Count.'),
    onExitCodes: f(onExitCodes, 2, 'Requirement on the exit codes of the containers.'),
    onPodConditions: f(list(onPodCondition), 3, 'Requirement on the conditions of the pod: one of them matches.', {
      listType: 'atomic',
    }),
  },
);
export type PodFailurePolicyRule = Infer<typeof podFailurePolicyRule>;

export const podFailurePolicy = object(
  'io.k8s.api.batch.v1.PodFailurePolicy',
  'Rules about failed pods; the first that matches decides.',
  { rules: req(list(podFailurePolicyRule), 1, 'The rules, in order.', { listType: 'atomic', always: null }) },
);
export type PodFailurePolicy = Infer<typeof podFailurePolicy>;

export const successPolicyRule = object(
  'io.k8s.api.batch.v1.SuccessPolicyRule',
  'Which indexes must have succeeded for the job to succeed.',
  {
    succeededIndexes: f(string, 1, 'Indexes and ranges of indexes, such as 1,3-5.', { pointer: true }),
    succeededCount: f(int32, 2, 'How many of these indexes, or of all where none are named.', { pointer: true }),
  },
);
export type SuccessPolicyRule = Infer<typeof successPolicyRule>;

export const successPolicy = object(
  'io.k8s.api.batch.v1.SuccessPolicy',
  'Rules by which an indexed job succeeds before all indexes have.',
  { rules: req(list(successPolicyRule), 1, 'The rules; one of them is enough.', { listType: 'atomic', always: null }) },
);
export type SuccessPolicy = Infer<typeof successPolicy>;
