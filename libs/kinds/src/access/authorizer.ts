import type { AccessAttributes, AccessVerdict, UserInfo, UserRules, View } from '#model';
import { authorizeNode, nodeOf } from './node-authorizer.js';
import { aggregate, authorizeByRoles, rulesFor } from './rbac.js';

/** Members of this group may do everything; no role is asked. */
export const MASTERS = 'system:masters';

/** Masters, then the node authorizer, then RBAC: what none of them allows is forbidden, for the reasons that they give. */
export function authorize(user: UserInfo, asked: AccessAttributes, view: View): AccessVerdict {
  if (user.groups.includes(MASTERS)) return { allowed: true, reason: '' };
  const node = nodeOf(user);
  const byNode = node === undefined ? undefined : authorizeNode(view, node, asked);
  if (byNode?.allowed) return byNode;
  const byRoles = authorizeByRoles(view, user, asked);
  if (byRoles.allowed || !byNode?.reason) return byRoles;
  return { allowed: false, reason: byRoles.reason ? `${byNode.reason}\n${byRoles.reason}` : byNode.reason };
}

function rules(user: UserInfo, namespace: string, view: View): UserRules {
  const { rules: granted, errors } = rulesFor(view, user, namespace);
  const isNode = nodeOf(user) !== undefined;
  const why = [...(isNode ? ['node authorizer does not support user rule resolution'] : []), ...errors];
  return { rules: granted, incomplete: isNode, ...(why.length > 0 && { evaluationError: aggregate(why) }) };
}

/** The authorizer of every cluster. */
export const accessPolicy = { authorize, rules };
