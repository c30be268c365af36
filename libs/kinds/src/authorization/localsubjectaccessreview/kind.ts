import { invalid } from '#meta';
import { reviewKind } from '#model';
import type { Problems } from '../../shared/validation/checks.js';
import { attributesOf, emptyMetadata, exactlyOne, notPath, statusOf, validSelectors } from '../attributes.js';
import { subjectOf, validSubject } from '../subject.js';
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
  inquire(review) {
    const { spec } = review;
    const problems = [
      ...exactlyOne(spec),
      ...validSubject(spec),
      ...validSelectors(spec),
      ...emptyMetadata(review, 'namespace'),
      ...sameNamespace(review),
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

function sameNamespace({ metadata, spec }: LocalSubjectAccessReview): Problems {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  const asked = resource?.namespace ?? '';
  const isElsewhere = resource !== undefined && asked !== metadata.namespace;
  return [
    ...(isElsewhere ? [invalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace')] : []),
    ...(path ? [notPath(path, 'disallowed on this kind of request')] : []),
  ];
}
