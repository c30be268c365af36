import { invalid } from '#meta';
import type { Inquiry, KubeObject, UserInfo } from '#model';
import { items, type Problems } from '../validation/checks.js';
import type { SubjectAccessReviewSpec } from './access.schema.js';
import { attributesOf, exactlyOne, statusOf, validSelectors } from './attributes.js';

/** What is asked by a review about somebody else, unless something is wrong with it. */
export function inquireAbout(
  review: KubeObject & { readonly spec: SubjectAccessReviewSpec },
  placing: Problems,
): Inquiry | Problems {
  const { spec } = review;
  const problems = [...exactlyOne(spec), ...validSubject(spec), ...validSelectors(spec), ...placing];
  if (problems.length > 0) return problems;
  return {
    asks: 'authorizer',
    user: subjectOf(spec),
    attributes: attributesOf(spec),
    answer: (verdict) => ({ ...review, status: statusOf(verdict, spec) }),
  };
}

/** Somebody is a user or a member of groups. */
function validSubject({ user, groups }: SubjectAccessReviewSpec): Problems {
  if (user || items(groups).length > 0) return [];
  return [invalid('spec.user', '', 'at least one of user or group must be specified')];
}

/** The user that a review names, with exactly the groups that it names. */
function subjectOf({ user = '', groups, uid, extra }: SubjectAccessReviewSpec): UserInfo {
  return { name: user, groups: items(groups), ...(uid && { uid }), ...(extra && { extra }) };
}
