import type { AccessAttributes, AccessVerdict, UserInfo, UserRules } from '#model';

/**
 * Who may do what. The same one is asked about every request, about whom a request may be made for, and by those who only
 * want to know.
 */
export interface Authorizer {
  authorize(user: UserInfo, asked: AccessAttributes): AccessVerdict;
  /** The rules that hold for a user in a namespace, those of the whole cluster included. */
  rules(user: UserInfo, namespace: string): UserRules;
}
