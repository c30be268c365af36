import { invalid } from '#meta';
import type { UserInfo } from '#model';
import { items, type Problems } from '../shared/validation/checks.js';
import type { SubjectAccessReviewSpec } from './access.schema.js';

/** Somebody is a user or a member of groups. */
export function validSubject({ user, groups }: SubjectAccessReviewSpec): Problems {
  if (user || items(groups).length > 0) return [];
  return [invalid('spec.user', '', 'at least one of user or group must be specified')];
}

/** The user that a review names, with exactly the groups that it names. */
export function subjectOf({ user = '', groups, uid, extra }: SubjectAccessReviewSpec): UserInfo {
  return { name: user, groups: items(groups), ...(uid && { uid }), ...(extra && { extra }) };
}
