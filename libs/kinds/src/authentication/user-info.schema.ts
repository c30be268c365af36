import { f, type Infer, list, map, object, string, type UserInfo } from '#model';

export const userInfo = object('io.k8s.api.authentication.v1.UserInfo', 'A user, as authentication knows them.', {
  username: f(string, 1, 'Name of the user.'),
  uid: f(string, 2, 'Identity of the user, where the name may be given again.'),
  groups: f(list(string), 3, 'Groups of the user.', { listType: 'atomic' }),
  extra: f(map(list(string)), 4, 'What else is known.'),
});
export type UserInfoFields = Infer<typeof userInfo>;

/** A user in the words of the API. */
export function userFields({ name, uid, groups, extra }: UserInfo): UserInfoFields {
  return {
    ...(name && { username: name }),
    ...(uid && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(extra && Object.keys(extra).length > 0 && { extra }),
  };
}
