import { refusals, reviewKind, whenAnswered, type ObjectMeta, type PolicyRule, type UserRules } from '#model';
import { items } from '../../validation/checks.js';
import { selfSubjectRulesReview, type SelfSubjectRulesReview, type SubjectRulesReviewStatus } from './schema.js';

/** What may I? The answer is a new object: nothing of the question comes back. */
export const selfSubjectRulesReviewKind = reviewKind<SelfSubjectRulesReview>({
  names: {
    group: 'authorization.k8s.io',
    version: 'v1',
    kind: 'SelfSubjectRulesReview',
    plural: 'selfsubjectrulesreviews',
    namespaced: false,
  },
  schema: selfSubjectRulesReview,
  check: ({ spec }) => (spec.namespace ? [] : refusals.badRequest('no namespace on request')),
  answer({ apiVersion, kind, spec }, context) {
    const { namespace = '' } = spec;
    const question = { asks: 'rules', name: 'rules', user: context.user, namespace } as const;
    const metadata = {} as ObjectMeta;
    return whenAnswered(context, question, ({ rules }) => ({
      ...{ apiVersion, kind, metadata },
      spec: {},
      status: listed(rules),
    }));
  },
});

/** Every rule as it was written, those about resources apart from those about paths. */
function listed({ rules, incomplete, evaluationError }: UserRules): SubjectRulesReviewStatus {
  return {
    resourceRules: rules.filter(({ resources }) => items(resources).length > 0).map(resourceRule),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => items(nonResourceURLs).length > 0)
      .map(({ verbs, nonResourceURLs = [] }) => ({ verbs, nonResourceURLs })),
    incomplete,
    ...(evaluationError && { evaluationError }),
  };
}
function resourceRule({ verbs, apiGroups, resources, resourceNames }: PolicyRule) {
  return {
    verbs,
    ...(items(apiGroups).length > 0 && { apiGroups }),
    ...(items(resources).length > 0 && { resources }),
    ...(items(resourceNames).length > 0 && { resourceNames }),
  };
}
