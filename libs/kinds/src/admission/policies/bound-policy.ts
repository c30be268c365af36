import type { Budget } from '#cel';
import type { Admitted } from '#model';
import type { JsonObject } from '#std';
import type { ValidatingAdmissionPolicy } from '../../admissionregistration/validatingadmissionpolicy/schema.js';
import type { ValidatingAdmissionPolicyBinding } from '../../admissionregistration/validatingadmissionpolicybinding/schema.js';
import { items } from '../../validation/checks.js';
import { matchResources, type RequestAttributes, type VersionedResource } from '../matching/index.js';
import type { Effects, Source } from './effects.js';
import { paramKindOf, paramsOf, type ParamKind } from './params.js';
import type { RequestValues } from './request-values.js';
import { verdictOf, type Verdict } from './verdict.js';

/** One request on its way through the policies. */
export interface PolicyRequest {
  readonly request: Admitted;
  readonly attributes: RequestAttributes;
  readonly values: RequestValues;
  readonly effects: Effects;
  /** Cost that all policies together may still take. */
  readonly budget: Budget;
}

/** Evaluates a policy for each binding that matches the request, with each of its parameters. */
export function applyPolicy(
  policy: ValidatingAdmissionPolicy,
  bindings: readonly ValidatingAdmissionPolicyBinding[],
  on: PolicyRequest,
): void {
  const { name } = policy.metadata;
  const { spec } = policy;
  const matched = matchResources(spec.matchConstraints ?? {}, on.attributes);
  if (matched === undefined) return;
  const whole: Source = { policy: name, actions: [] };
  if (matched === 'missing') return misconfigured(policy, whole, { on, why: missingNamespace(on) });
  const kind = paramKindOf(spec, on.request.kinds);
  if (typeof kind === 'string') return misconfigured(policy, whole, { on, why: kind });
  const annotations: Verdict['annotations'][number][] = [];
  for (const binding of bindings) {
    const source = { policy: name, binding: binding.metadata.name, actions: items(binding.spec.validationActions) };
    const params = paramsFor(binding, kind, on);
    if (typeof params === 'string') misconfigured(policy, source, { on, why: params });
    else annotations.push(...evaluatePolicy(policy, source, { on, matched, params }));
  }
  on.effects.annotateAll(name, annotations);
}

/** No parameters: not evaluated. One undefined: evaluated without. */
function paramsFor(
  { spec }: ValidatingAdmissionPolicyBinding,
  kind: ParamKind | undefined,
  on: PolicyRequest,
): readonly (JsonObject | undefined)[] | string {
  const { attributes, request } = on;
  const matched = matchResources(spec.matchResources ?? {}, attributes);
  if (matched === undefined) return [];
  if (matched === 'missing') return missingNamespace(on);
  if (kind === undefined || !spec.paramRef) return [undefined];
  const { view, conversions } = request;
  return paramsOf(kind, spec.paramRef, { view, namespace: attributes.namespace, conversions });
}

function evaluatePolicy(
  { spec }: ValidatingAdmissionPolicy,
  source: Source,
  {
    on: { values, effects, budget },
    matched,
    params,
  }: {
    readonly on: PolicyRequest;
    readonly matched: VersionedResource;
    readonly params: readonly (JsonObject | undefined)[];
  },
): Verdict['annotations'] {
  return params.flatMap((one) => {
    const verdict = verdictOf(spec, values.variables(matched, one), budget);
    effects.add(source, verdict);
    return verdict.annotations;
  });
}

/** What a policy or a binding lacks refuses the request, unless failures are ignored. */
function misconfigured(
  { spec }: ValidatingAdmissionPolicy,
  source: Source,
  { on, why }: { readonly on: PolicyRequest; readonly why: string },
): void {
  if (spec.failurePolicy === 'Ignore') return;
  const what = source.binding === undefined ? 'policy' : 'binding';
  on.effects.deny(source, { message: `failed to configure ${what}: ${why}`, reason: 'Invalid' });
}

function missingNamespace({ attributes }: PolicyRequest): string {
  return `namespaces "${attributes.namespace}" not found`;
}
