import { reviewKind } from '#model';
import { attributesOf, emptyMetadata, exactlyOne, statusOf, validSelectors } from '../attributes.js';
import { selfSubjectAccessReview, type SelfSubjectAccessReview } from './schema.js';

/** May I? */
export const selfSubjectAccessReviewKind = reviewKind<SelfSubjectAccessReview>({
  names: {
    group: 'authorization.k8s.io',
    version: 'v1',
    kind: 'SelfSubjectAccessReview',
    plural: 'selfsubjectaccessreviews',
    namespaced: false,
  },
  schema: selfSubjectAccessReview,
  inquire(review, { user }) {
    const { spec } = review;
    const problems = [...exactlyOne(spec), ...validSelectors(spec), ...emptyMetadata(review, 'nothing')];
    if (problems.length > 0) return problems;
    return {
      asks: 'authorizer',
      user,
      attributes: attributesOf(spec),
      answer: (verdict) => ({ ...review, status: statusOf(verdict, spec) }),
    };
  },
});
