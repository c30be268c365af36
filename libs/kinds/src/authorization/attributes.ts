import { invalid, parseFieldSelector, parseLabelSelector, required } from '#meta';
import {
  goOrdered,
  objectMeta,
  whenAnswered,
  type AccessAttributes,
  type AccessVerdict,
  type KubeObject,
  type Problem,
  type Questions,
  type Refusal,
  type UserInfo,
  type VirtualContext,
} from '#model';
import type { Json } from '#std';
import { items, type Problems } from '../validation/checks.js';
import { fieldRequirement, labelRequirement, type RequirementOptions } from '../validation/labels.js';
import type { NonResourceAttributes, ResourceAttributes, SubjectAccessReviewStatus } from './access.schema.js';

/** What all access reviews have in common: a request, for a resource or for a path. */
export interface AccessSpec {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: NonResourceAttributes;
}

/** A request is for a resource or for a path: one of them. */
export function exactlyOne({ resourceAttributes, nonResourceAttributes: path }: AccessSpec): Problems {
  if (resourceAttributes && path) {
    return [notPath(path, 'cannot be specified in combination with resourceAttributes')];
  }
  if (resourceAttributes || path) return [];
  const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalid('spec.resourceAttributes', null, detail)];
}

/** The answer shows the path in the server's inner form, whose fields have other names. */
export function notPath({ path = '', verb = '' }: NonResourceAttributes, detail: string): Problem {
  return invalid('spec.nonResourceAttributes', { Path: path, Verb: verb }, detail);
}

export function validSelectors({ resourceAttributes: resource }: AccessSpec): Problems {
  const at = 'spec.resourceAttributes';
  return [
    ...validSelector(`${at}.fieldSelector`, resource?.fieldSelector, fieldRequirement),
    ...validSelector(`${at}.labelSelector`, resource?.labelSelector, labelRequirement),
  ];
}

const NEWER_TOO: RequirementOptions = { unknownOperators: true };

interface SelectorAttributes<R> {
  readonly rawSelector?: string;
  readonly requirements?: readonly R[];
}

function validSelector<R>(
  field: string,
  selector: SelectorAttributes<R> | undefined,
  check: (field: string, requirement: R, options: RequirementOptions) => Problems,
): Problems {
  if (!selector) return [];
  const { rawSelector: raw, requirements } = selector;
  const found: Problem[] = [];
  if (raw && items(requirements).length > 0)
    found.push(invalid(`${field}.rawSelector`, raw, 'may not specified at the same time as requirements'));
  if (!raw && items(requirements).length === 0)
    found.push(
      required(`${field}.requirements`, `when ${field} is specified, requirements or rawSelector is required`),
    );
  return [...found, ...items(requirements).flatMap((one, i) => check(`${field}.requirements[${i}]`, one, NEWER_TOO))];
}

/** A review says nothing of itself. */
export function emptyMetadata({ metadata }: KubeObject, kept: 'nothing' | 'namespace'): Problems {
  const { managedFields: _managed, namespace, ...rest } = metadata;
  const isEmpty = Object.keys(rest).length === 0 && (kept === 'namespace' || namespace === undefined);
  if (isEmpty) return [];
  const detail = kept === 'nothing' ? 'must be empty' : 'must be empty except for namespace';
  return [invalid('metadata', goOrdered(metadata as unknown as Json, objectMeta), detail)];
}

/** The review with what the authorizer says of a user. */
export function answeredAccess(
  review: KubeObject & { readonly spec: AccessSpec },
  user: UserInfo,
  context: VirtualContext,
): KubeObject | Questions | Refusal {
  const { spec } = review;
  const question = { asks: 'authorizer', name: 'authorizer', user, attributes: attributesOf(spec) } as const;
  return whenAnswered(context, question, ({ verdict }) => ({ ...review, status: statusOf(verdict, spec) }));
}

function attributesOf({ resourceAttributes: resource, nonResourceAttributes }: AccessSpec): AccessAttributes {
  return {
    isResource: resource !== undefined,
    path: nonResourceAttributes?.path ?? '',
    verb: resource?.verb ?? nonResourceAttributes?.verb ?? '',
    group: resource?.group ?? '',
    version: resource?.version ?? (resource ? '*' : ''),
    namespace: resource?.namespace ?? '',
    resource: resource?.resource ?? '',
    subresource: resource?.subresource ?? '',
    name: resource?.name ?? '',
    ...(resource?.fieldSelector && { fields: fieldsOf(resource.fieldSelector) }),
  };
}

/** What is understood of a field selector by which a field equals a value. */
function fieldsOf({ rawSelector, requirements }: NonNullable<ResourceAttributes['fieldSelector']>) {
  const raw = rawSelector ? parseFieldSelector(rawSelector) : undefined;
  if (raw) return raw.ok ? raw.value.filter(({ operator }) => operator !== '!=') : [];
  return items(requirements).flatMap(({ key, operator, values }) =>
    operator === 'In' && items(values).length === 1 ? [{ field: key, value: items(values)[0] ?? '' }] : [],
  );
}

function statusOf(verdict: AccessVerdict, spec: AccessSpec): SubjectAccessReviewStatus {
  const errors = selectorErrors(spec);
  return {
    allowed: verdict.allowed,
    ...(verdict.reason && { reason: verdict.reason }),
    ...(errors.length > 0 && { evaluationError: errors.length === 1 ? errors[0] : `[${errors.join(', ')}]` }),
  };
}

/** What is not understood of a selector is left out of the question, and the answer says so. */
function selectorErrors({ resourceAttributes }: AccessSpec): readonly string[] {
  const { fieldSelector: fields, labelSelector: labels } = resourceAttributes ?? {};
  return [
    ...selectorError('fieldSelector', fields, (raw) => parseFieldSelector(raw).ok, isField),
    ...selectorError('labelSelector', labels, (raw) => parseLabelSelector(raw).ok, isLabel),
  ];
}

const LABEL_OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'];
const isLabel = ({ operator }: { readonly operator: string }): boolean => LABEL_OPERATORS.includes(operator);
/** Fields can be compared with one value only. */
const isField = ({ operator, values }: { readonly operator: string; readonly values?: readonly string[] }): boolean =>
  (operator === 'In' || operator === 'NotIn') && items(values).length === 1;

function selectorError<R>(
  name: string,
  selector: SelectorAttributes<R> | undefined,
  parses: (raw: string) => boolean,
  isUnderstood: (requirement: R) => boolean,
): readonly string[] {
  if (!selector) return [];
  const understood = items(selector.requirements).filter(isUnderstood).length;
  const isWhole = selector.rawSelector
    ? parses(selector.rawSelector)
    : understood === items(selector.requirements).length;
  if (isWhole) return [];
  return [`spec.resourceAttributes.${name} ${understood > 0 ? 'partially ' : ''}ignored due to parse error`];
}
