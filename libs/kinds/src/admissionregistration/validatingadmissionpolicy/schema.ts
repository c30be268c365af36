import { f, int64, list, named, object, req, string, type Infer, condition, objectMeta } from '#model';
import type { Stored } from '#model';
import { matchConditionsField, matchResources } from '../match.schema.js';

const P = 'io.k8s.api.admissionregistration.v1';
const ATOMIC = { listType: 'atomic' } as const;

const paramKind = object(
  `${P}.ParamKind`,
  'The kind of the objects that parametrise a policy.',
  {
    apiVersion: f(string, 1, 'Group and version of the kind.'),
    kind: f(string, 2, 'The kind.'),
  },
  { mapType: 'atomic' },
);
const validation = object(`${P}.Validation`, 'An expression that must be true.', {
  expression: req(string, 1, 'CEL expression that gives a bool.'),
  message: f(string, 2, 'What is said where it is false.'),
  reason: f(named('v1.StatusReason'), 3, 'Reason of the refusal: Forbidden, Invalid or RequestEntityTooLarge.', {
    pointer: true,
  }),
  messageExpression: f(string, 4, 'CEL expression that gives what is said where it is false.'),
});
export type PolicyValidation = Infer<typeof validation>;
const auditAnnotation = object(`${P}.AuditAnnotation`, 'An annotation of the audit event of a request.', {
  key: req(string, 1, 'Second part of its key; the first is the name of the policy.'),
  valueExpression: req(string, 2, 'CEL expression that gives its value; null for none.'),
});
export type AuditAnnotation = Infer<typeof auditAnnotation>;
const variable = object(
  `${P}.Variable`,
  'An expression that others can name.',
  {
    name: req(string, 1, 'Name after "variables.".'),
    expression: req(string, 2, 'CEL expression that gives its value.'),
  },
  { mapType: 'atomic' },
);
export type PolicyVariable = Infer<typeof variable>;

const spec = object(`${P}.ValidatingAdmissionPolicySpec`, 'What a policy demands.', {
  paramKind: f(paramKind, 1, 'Kind of the objects that parametrise it.'),
  matchConstraints: f(matchResources, 2, 'Which requests it is about.'),
  validations: f(list(validation), 3, 'Expressions that must be true.', ATOMIC),
  failurePolicy: f(named('v1.FailurePolicyType'), 4, 'Fail or Ignore, where the policy cannot be evaluated.', {
    ...{ fill: 'Fail', pointer: true },
  }),
  auditAnnotations: f(list(auditAnnotation), 5, 'Annotations of the audit event.', ATOMIC),
  matchConditions: matchConditionsField(6),
  variables: f(list(variable), 7, 'Expressions that others can name, each those before it.', {
    ...{ listType: 'map', mapKeys: ['name'], mergeKey: 'name', patchStrategy: 'merge' },
  }),
});
export type PolicySpec = Infer<typeof spec>;

const expressionWarning = object(`${P}.ExpressionWarning`, 'What is doubtful about an expression.', {
  fieldRef: req(string, 2, 'Path of the expression.'),
  warning: req(string, 3, 'What is doubtful.'),
});
export type ExpressionWarning = Infer<typeof expressionWarning>;
const typeChecking = object(`${P}.TypeChecking`, 'What checking with the types of the matched kinds found.', {
  expressionWarnings: f(list(expressionWarning), 1, 'One for each doubtful expression.', ATOMIC),
});
const status = object(`${P}.ValidatingAdmissionPolicyStatus`, 'What became of a policy.', {
  observedGeneration: f(int64, 1, 'Generation that was checked last.'),
  typeChecking: f(typeChecking, 2, 'What checking its types found; absent until it was checked.'),
  conditions: f(list(condition), 3, 'What is true of it.', { listType: 'map', mapKeys: ['type'] }),
});

export const validatingAdmissionPolicy = object(
  `${P}.ValidatingAdmissionPolicy`,
  'Refuses or annotates requests by CEL expressions, where a binding says so.',
  {
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    kind: f(string, 0, 'Which kind of object this is.'),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(spec, 2, 'What it demands.', { always: {} }),
    status: f(status, 3, 'What became of it.', { always: {} }),
  },
  { gvk: ['admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy'] },
);
export type ValidatingAdmissionPolicy = Stored<typeof validatingAdmissionPolicy, 'spec'>;
