import { reviewKind } from '#model';
import { attributesOf, emptyMetadata, exactlyOne, statusOf, validSelectors } from '../attributes.js';
import { subjectOf, validSubject } from '../subject.js';
import { subjectAccessReview, type SubjectAccessReview } from './schema.js';

/** May they? */
export const subjectAccessReviewKind = reviewKind<SubjectAccessReview>({
  names: {
    group: 'authorization.k8s.io',
    version: 'v1',
    kind: 'SubjectAccessReview',
    plural: 'subjectaccessreviews',
    namespaced: false,
  },
  schema: subjectAccessReview,
  inquire(review) {
    const { spec } = review;
    const problems = [
      ...exactlyOne(spec),
      ...validSubject(spec),
      ...validSelectors(spec),
      ...emptyMetadata(review, 'nothing'),
    ];
    if (problems.length > 0) return problems;
    return {
      asks: 'authorizer',
      user: subjectOf(spec),
      attributes: attributesOf(spec),
      answer: (verdict) => ({ ...review, status: statusOf(verdict, spec) }),
    };
  },
});
