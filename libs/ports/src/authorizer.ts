import type { AccessAttributes, AccessVerdict, UserInfo, UserRules, View } from '#model';

/**
 * Decides what a user may do, as a pure function of a view: the roles and bindings, and what the pods of a node name. The API
 * asks it about each request and the writer about each command.
 */
export interface Authorizer {
  authorize(user: UserInfo, asked: AccessAttributes, view: View): AccessVerdict;
  /** The rules that hold for a user in a namespace, those of the whole cluster included. */
  rules(user: UserInfo, namespace: string, view: View): UserRules;
}
