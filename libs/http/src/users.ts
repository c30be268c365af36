import type { UserInfo } from '#model';

/** The group of everybody who has shown who they are. */
export const AUTHENTICATED = 'system:authenticated';
/** Who has not. */
export const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
