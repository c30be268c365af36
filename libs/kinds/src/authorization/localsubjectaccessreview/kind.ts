import { invalid } from '#meta';
import { reviewKind } from '#model';
import type { Problems } from '../../validation/checks.js';
import { emptyMetadata, notPath } from '../attributes.js';
import { answerAbout, subjectProblems } from '../subject.js';
import { localSubjectAccessReview, type LocalSubjectAccessReview } from './schema.js';

/** May they, here? */
export const localSubjectAccessReviewKind = reviewKind<LocalSubjectAccessReview>({
  names: {
    group: 'authorization.k8s.io',
    version: 'v1',
    kind: 'LocalSubjectAccessReview',
    plural: 'localsubjectaccessreviews',
    namespaced: true,
  },
  schema: localSubjectAccessReview,
  check: (review) => [...subjectProblems(review), ...emptyMetadata(review, 'namespace'), ...sameNamespace(review)],
  answer: answerAbout,
});

function sameNamespace({ metadata, spec }: LocalSubjectAccessReview): Problems {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  const asked = resource?.namespace ?? '';
  const isElsewhere = resource !== undefined && asked !== metadata.namespace;
  return [
    ...(isElsewhere ? [invalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace')] : []),
    ...(path ? [notPath(path, 'disallowed on this kind of request')] : []),
  ];
}
