import { reviewKind } from '#model';
import { answeredAccess, emptyMetadata, exactlyOne, validSelectors } from '../attributes.js';
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
  check: (review) => [...exactlyOne(review.spec), ...validSelectors(review.spec), ...emptyMetadata(review, 'nothing')],
  answer: (review, context) => answeredAccess(review, context.user, context),
});
