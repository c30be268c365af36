import { REQUEST_COST_MAX } from '#cel';
import type { AdmissionPlugin } from '#model';
import { attributesOf } from '../matching/index.js';
import { bindingsOf, policiesFor } from './applicable.js';
import { applyPolicy } from './bound-policy.js';
import { Effects } from './effects.js';
import { RequestValues } from './request-values.js';

/**
 * Policies and their bindings are not subject to policies: a bad one could not be mended otherwise. Nor are reviews, since clients
 * find out by them what they may do. Token requests are.
 */
const EXEMPT = new Set([
  'admissionregistration.k8s.io.validatingadmissionpolicies',
  'admissionregistration.k8s.io.validatingadmissionpolicybindings',
]);

/**
 * Evaluates the policies that are bound and match a request, beside validating webhooks, after validation. All of them together
 * may cost {@link REQUEST_COST_MAX}, where Kubernetes lets each cost as much: here they are evaluated on the writer's thread.
 */
export const validatingAdmissionPolicy: AdmissionPlugin = {
  name: 'ValidatingAdmissionPolicy',
  validate(request) {
    if (EXEMPT.has(request.kind.id) || request.kind.isVirtual) return undefined;
    const policies = policiesFor(request.view, request.kind);
    if (policies.length === 0) return undefined;
    const attributes = attributesOf(request);
    const values = new RequestValues(request, attributes);
    const on = { request, attributes, values, effects: new Effects(), budget: { left: REQUEST_COST_MAX } };
    for (const policy of policies) {
      const bindings = bindingsOf(request.view, policy);
      if (bindings.length > 0) applyPolicy(policy, bindings, on);
    }
    return on.effects.outcome(request, attributes);
  },
};
