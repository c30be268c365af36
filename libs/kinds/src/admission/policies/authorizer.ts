import { authorizerOf, requestResourceOf, type AskAuthorizer, type Value } from '#cel';
import { parseFieldSelector } from '#meta';
import type { AccessAttributes, UserInfo, View } from '#model';
import { authorize } from '../../access/authorizer.js';
import type { RequestAttributes } from '../matching/index.js';

/** The values of `authorizer` and `authorizer.requestResource`: what the authorizer says in this view of the one who asks. */
export function authorizerValues(
  user: UserInfo,
  view: View,
  { requested, subresource, namespace, name }: RequestAttributes,
): { readonly authorizer: Value; readonly requestResource: Value } {
  const ask: AskAuthorizer = (facts) => {
    const verdict = authorize(facts['serviceAccount'] ? accountOf(facts['serviceAccount']) : user, asked(facts), view);
    return { ...verdict, error: '' };
  };
  const { group, resource } = requested;
  return {
    authorizer: authorizerOf(ask),
    requestResource: requestResourceOf(ask, { group, resource, subresource, namespace, name }),
  };
}

function asked(facts: Readonly<Record<string, string>>): AccessAttributes {
  const { verb = '', path, group = '', resource = '', subresource = '', namespace = '', name = '' } = facts;
  const about = { verb, group, version: '*', resource, subresource, namespace, name };
  if (path !== undefined) return { ...about, version: '', isResource: false, path };
  const selector = parseFieldSelector(facts['fieldSelector'] ?? '');
  const fields = selector.ok
    ? selector.value.flatMap(({ field, operator, value }) => (operator === '!=' ? [] : [{ field, value }]))
    : [];
  return { ...about, isResource: true, path: '', ...(fields.length > 0 && { fields }) };
}

/** `namespace/name` */
function accountOf(text: string): UserInfo {
  const [namespace = '', name = ''] = text.split('/');
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}
