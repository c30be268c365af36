import { invalid } from '#meta';
import type { KubeObject, Questions, Refusal, UserInfo, VirtualContext } from '#model';
import { items, type Problems } from '../validation/checks.js';
import type { SubjectAccessReviewSpec } from './access.schema.js';
import { answeredAccess, exactlyOne, validSelectors } from './attributes.js';

type Review = KubeObject & { readonly spec: SubjectAccessReviewSpec };

/** What is wrong with a review about somebody else. */
export function subjectProblems({ spec }: Review): Problems {
  return [...exactlyOne(spec), ...validSubject(spec), ...validSelectors(spec)];
}

/** What the authorizer says about somebody else. */
export function answerAbout<T extends Review>(review: T, context: VirtualContext): KubeObject | Questions | Refusal {
  return answeredAccess(review, subjectOf(review.spec), context);
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
