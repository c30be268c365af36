import { byteLength, dns1035Label, dns1123Subdomain, duplicate, invalid, qualifiedName, required } from '#meta';
import type { Problem } from '#model';
import { each, items, supportedOnly, type Problems } from '../../validation/checks.js';
import { validateConditions } from '../../validation/conditions.js';
import { expressionProblems, validateMatchConditions } from '../expressions.js';
import { validateMatchResources } from '../validate-rules.js';
import { compilePolicy, type Outcome, type PolicyExpressions } from './expressions.js';
import type {
  AuditAnnotation,
  PolicySpec,
  PolicyValidation,
  PolicyVariable,
  ValidatingAdmissionPolicy,
} from './schema.js';

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const ANNOTATIONS_MAX = 20;
const ANNOTATION_BYTES_MAX = 5 * 1024;

/** Characters of all expressions of a policy. They are compiled on the writer's thread, in linear time. Kubernetes has no such limit. */
const EXPRESSIONS_LENGTH_MAX = 128 * 1024;

function expressionsLength(spec: PolicySpec): number {
  const texts = [
    ...items(spec.matchConditions).map(({ expression }) => expression),
    ...items(spec.variables).map(({ name, expression }) => name + expression),
    ...items(spec.validations).map(({ expression, messageExpression = '' }) => expression + messageExpression),
    ...items(spec.auditAnnotations).map(({ valueExpression }) => valueExpression),
  ];
  return texts.reduce((sum, text) => sum + text.length, 0);
}

/** In the order in which Kubernetes checks. Conditions that an update leaves as they are, are not checked again. */
export function validatePolicy(
  { metadata, spec }: ValidatingAdmissionPolicy,
  old?: ValidatingAdmissionPolicy,
): Problems {
  const size = expressionsLength(spec);
  if (size > EXPRESSIONS_LENGTH_MAX)
    return [invalid('spec', size, `the expressions of a policy may have ${EXPRESSIONS_LENGTH_MAX} characters in all`)];
  const compiled = compilePolicy(spec);
  const { matchConstraints, paramKind, validations, auditAnnotations } = spec;
  const isEmpty = items(validations).length + items(auditAnnotations).length === 0;
  const nothing = 'validations or auditAnnotations must contain at least one item';
  return [
    ...supportedOnly('spec.failurePolicy', spec.failurePolicy, ['Fail', 'Ignore']),
    ...(paramKind ? kindProblems(paramKind) : []),
    ...(matchConstraints ? [] : [required('spec.matchConstraints')]),
    ...validateMatchResources('spec.matchConstraints', matchConstraints),
    ...(matchConstraints && items(matchConstraints.resourceRules).length === 0
      ? [required('spec.matchConstraints.resourceRules')]
      : []),
    ...(old && old.spec.matchConditions === spec.matchConditions ? [] : conditionProblems(spec, compiled)),
    ...items(spec.variables).flatMap((variable, i) =>
      variableProblems(`spec.variables[${i}]`, variable, compiled.variables[i]),
    ),
    ...(isEmpty ? [required('spec.validations', nothing), required('spec.auditAnnotations', nothing)] : []),
    ...items(validations).flatMap((validation, i) =>
      validationProblems(`spec.validations[${i}]`, validation, compiled.validations[i]),
    ),
    ...annotationProblems(metadata.name || undefined, items(auditAnnotations), compiled.auditAnnotations),
  ];
}

function conditionProblems({ matchConditions }: PolicySpec, compiled: PolicyExpressions): Problems {
  const outcomes = new Map<string, Outcome>();
  for (const [i, { expression }] of items(matchConditions).entries())
    outcomes.set(expression.trim(), compiled.matchConditions[i]);
  return validateMatchConditions('spec.matchConditions', matchConditions, (text) => outcomes.get(text));
}

function kindProblems({ apiVersion = '', kind = '' }: NonNullable<PolicySpec['paramKind']>): Problems {
  const mixed = 'may have mixed case, but should otherwise match: ';
  const wrong = dns1035Label(kind.toLowerCase());
  return [
    ...versionProblems('spec.paramKind.apiVersion', apiVersion),
    ...(kind === '' ? [required('spec.paramKind.kind')] : []),
    ...(kind !== '' && wrong.length > 0 ? [invalid('spec.paramKind.kind', kind, `${mixed}${wrong.join(',')}`)] : []),
  ];
}
function versionProblems(field: string, apiVersion: string): Problems {
  if (apiVersion === '') return [required(field)];
  const parts = apiVersion.split('/');
  if (parts.length > 2) return [invalid(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const version = apiVersion === '/' ? '' : (parts[parts.length - 1] ?? '');
  const group = parts.length === 2 ? (parts[0] ?? '') : '';
  const ofGroup = group === '' ? [] : dns1123Subdomain(group);
  const ofVersion = version === '' ? [] : dns1035Label(version);
  return [
    ...(ofGroup.length > 0 ? [invalid(field, group, ofGroup.join(','))] : []),
    ...(version === '' ? [invalid(field, apiVersion, 'version must be specified')] : []),
    ...(ofVersion.length > 0 ? [invalid(field, version, ofVersion.join(','))] : []),
  ];
}

/** Words that CEL keeps for itself. */
const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);
function variableProblems(field: string, { name, expression }: PolicyVariable, outcome: Outcome): Problems {
  const isIdentifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !RESERVED.has(name);
  return [
    ...(name.trim() === '' ? [required(`${field}.name`, 'name is not specified')] : []),
    ...(name.trim() !== '' && !isIdentifier ? [invalid(`${field}.name`, name, 'must be a valid CEL identifier')] : []),
    ...stated(`${field}.expression`, 'expression', { shown: expression, outcome }),
  ];
}

function validationProblems(
  field: string,
  { expression, message = '', messageExpression = '', reason }: PolicyValidation,
  compiled: PolicyExpressions['validations'][number] | undefined,
): Problems {
  const blank = 'must be non-empty if specified';
  return [
    ...stated(`${field}.expression`, 'expression', { shown: expression, outcome: compiled?.expression }),
    ...(messageExpression !== '' && messageExpression.trim() === ''
      ? [invalid(`${field}.messageExpression`, messageExpression, blank)]
      : expressionProblems(`${field}.messageExpression`, messageExpression, compiled?.message)),
    ...(message !== '' && message.trim() === '' ? [invalid(`${field}.message`, message, blank)] : []),
    ...(/[\r\n]/.test(message.trim()) ? [invalid(`${field}.message`, message, 'must not contain line breaks')] : []),
    ...supportedOnly(`${field}.reason`, reason, REASONS),
  ];
}

function annotationProblems(
  policy: string | undefined,
  annotations: readonly AuditAnnotation[],
  outcomes: readonly Outcome[],
): Problems {
  const keys = new Set<string>();
  const tooMany: readonly Problem[] =
    annotations.length > ANNOTATIONS_MAX
      ? [
          invalid(
            'spec.auditAnnotations',
            // A list of Go structs is printed by their own names of fields.
            annotations.map(({ key, valueExpression }) => ({ Key: key, ValueExpression: valueExpression })),
            `must not have more than ${ANNOTATIONS_MAX} auditAnnotations`,
          ),
        ]
      : [];
  return [
    ...tooMany,
    ...annotations.flatMap(({ key, valueExpression }, i) => {
      const field = `spec.auditAnnotations[${i}]`;
      const full = policy === undefined ? key : `${policy}/${key}`;
      const isTwice = keys.has(key);
      keys.add(key);
      return [
        ...each(
          `${field}.key`,
          full,
          policy === undefined ? ['requires metadata.name be non-empty'] : qualifiedName(full),
        ),
        ...(byteLength(valueExpression.trim()) > ANNOTATION_BYTES_MAX
          ? [required(`${field}.valueExpression`, `must not exceed ${ANNOTATION_BYTES_MAX} bytes in length`)]
          : stated(`${field}.valueExpression`, 'valueExpression', { shown: valueExpression, outcome: outcomes[i] })),
        ...(isTwice ? [duplicate(`${field}.key`, key)] : []),
      ];
    }),
  ];
}

function stated(field: string, name: string, given: { readonly shown: string; readonly outcome: Outcome }): Problems {
  if (given.shown.trim() === '') return [required(field, `${name} is not specified`)];
  return expressionProblems(field, given.shown, given.outcome);
}

/** What a controller found must say where, and what. */
export function validatePolicyStatus({ status }: ValidatingAdmissionPolicy): Problems {
  return [
    ...items(status?.typeChecking?.expressionWarnings).flatMap(({ fieldRef, warning }, i) => {
      const field = `status.typeChecking.expressionWarnings[${i}]`;
      return [
        ...(warning === '' ? [required(`${field}.warning`)] : []),
        ...pathProblems(`${field}.fieldRef`, fieldRef),
      ];
    }),
    ...validateConditions('status.conditions', status?.conditions),
  ];
}
function pathProblems(field: string, path: string): Problems {
  if (path === '') return [required(field)];
  const isClosed = path.lastIndexOf('[') <= path.lastIndexOf(']');
  return isClosed ? [] : [invalid(field, path, 'invalid JSONPath: unterminated array')];
}
