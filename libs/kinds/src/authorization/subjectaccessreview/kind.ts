import { reviewKind } from '#model';
import { emptyMetadata } from '../attributes.js';
import { answerAbout, subjectProblems } from '../subject.js';
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
  check: (review) => [...subjectProblems(review), ...emptyMetadata(review, 'nothing')],
  answer: answerAbout,
});
