import { serviceAccountKind } from '#kinds';
import { accessForbidden, type AccessAttributes, type AccessVerdict, type UserInfo } from '#model';
import { answers, type HttpRefusal } from './status.js';
import { AUTHENTICATED } from './users.js';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The authorizer on the view of this moment. */
export type Access = (user: UserInfo, asked: AccessAttributes) => AccessVerdict;

/** The user that a request asks to be taken for, when its sender may do that; undefined when it does not ask. */
export function impersonated(user: UserInfo, headers: Headers, access: Access): UserInfo | HttpRefusal | undefined {
  const name = first(headers['impersonate-user']);
  const groups = list(headers['impersonate-group']);
  const uid = first(headers['impersonate-uid']);
  const extra = extraOf(headers);
  if (!name) {
    if (groups.length === 0 && !uid && Object.keys(extra).length === 0) return undefined;
    return answers.badRequest(`requested ${requested(groups, uid, extra)} without impersonating a user`);
  }
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  const asks: AccessAttributes[] = [
    account ? ask('', serviceAccountKind.names.plural, account[2] as string, account[1]) : ask('', 'users', name),
    ...groups.map((group) => ask('', 'groups', group)),
    ...(uid ? [ask('authentication.k8s.io', 'uids', uid)] : []),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => ask('authentication.k8s.io', 'userextras', value, '', key)),
    ),
  ];
  for (const one of asks) {
    const verdict = access(user, one);
    if (!verdict.allowed) return accessForbidden(user, one, verdict.reason);
  }
  return {
    name,
    groups: impersonatedGroups(name, groups, account?.[1]),
    ...(uid && { uid }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

function ask(group: string, resource: string, name: string, namespace = '', subresource = ''): AccessAttributes {
  return {
    verb: 'impersonate',
    isResource: true,
    path: '',
    group,
    version: '',
    resource,
    name,
    namespace,
    subresource,
  };
}
function impersonatedGroups(name: string, asked: readonly string[], namespace: string | undefined): readonly string[] {
  const groups =
    asked.length > 0 || !namespace ? [...asked] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
  const own = name === 'system:anonymous' ? 'system:unauthenticated' : AUTHENTICATED;
  if (!groups.includes('system:unauthenticated') && !groups.includes(own)) groups.push(own);
  return groups;
}

function extraOf(headers: Headers): Record<string, readonly string[]> {
  const extra: Record<string, readonly string[]> = {};
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith('impersonate-extra-')) continue;
    const key = header.slice('impersonate-extra-'.length);
    let decoded = key;
    try {
      decoded = decodeURIComponent(key);
    } catch {
      // What is not percent-encoded is taken as it is.
    }
    extra[decoded.toLowerCase()] = list(value);
  }
  return extra;
}
function requested(
  groups: readonly string[],
  uid: string | undefined,
  extra: Readonly<Record<string, readonly string[]>>,
): string {
  const parts = [
    ...groups.map((group) => `{Group  ${group}    }`),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => `{UserExtra  ${value}  authentication.k8s.io/v1  ${key} }`),
    ),
    ...(uid ? [`{UID  ${uid}  authentication.k8s.io/v1   }`] : []),
  ];
  return `[${parts.join(' ')}]`;
}

/** Node joins repeated headers with a comma; Kubernetes' header values hold none. */
function list(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? value.split(', ').filter((one) => one !== '') : value;
}
const first = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];
