import {
  covers,
  type AccessAttributes,
  type AccessVerdict,
  type PolicyRule,
  type UserInfo,
  type UserRules,
} from '#model';
import { CONTROLLER_ROLES, NODE_ROLE, ofNode, SCHEDULER_ACCOUNT, SCHEDULER_ROLE } from './controller-roles.js';

const MASTERS = 'system:masters';
const NODES = 'system:nodes';
const NODE_PREFIX = 'system:node:';
const ACCOUNT_PREFIX = 'system:serviceaccount:kube-system:';

/** Rules of a role, and the sentence by which Kubernetes says that they were given. */
interface Grant {
  readonly words: string;
  readonly rules: readonly PolicyRule[];
}

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];
const read = (...nonResourceURLs: readonly string[]): PolicyRule => ({ verbs: ['get'], nonResourceURLs });
const PUBLIC = read('/healthz', '/livez', '/readyz', '/version', '/version/');
const ask = (group: string, ...resources: readonly string[]): PolicyRule => ({
  verbs: ['create'],
  apiGroups: [group],
  resources,
});
const words = (role: string, subject: string): string =>
  `RBAC: allowed by ClusterRoleBinding "${role}" of ClusterRole "${role}" to ${subject}`;
const bound = (role: string, group: string, ...rules: readonly PolicyRule[]): readonly [string, Grant] => [
  group,
  { words: words(role, `Group "${group}"`), rules },
];

/** What Kubernetes binds to groups when a cluster begins. */
const GROUPS = grantsBy([
  bound('cluster-admin', MASTERS, ...EVERYTHING),
  bound(
    'system:basic-user',
    'system:authenticated',
    ask('authorization.k8s.io', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'),
    ask('authentication.k8s.io', 'selfsubjectreviews'),
  ),
  bound(
    'system:discovery',
    'system:authenticated',
    read(
      '/api',
      '/api/*',
      '/apis',
      '/apis/*',
      '/healthz',
      '/livez',
      '/openapi',
      '/openapi/*',
      '/readyz',
      '/version',
      '/version/',
    ),
  ),
  bound('system:public-info-viewer', 'system:authenticated', PUBLIC),
  bound('system:public-info-viewer', 'system:unauthenticated', PUBLIC),
  bound(
    'system:service-account-issuer-discovery',
    'system:serviceaccounts',
    read(
      '/.well-known/openid-configuration',
      '/.well-known/openid-configuration/',
      '/openid/v1/jwks',
      '/openid/v1/jwks/',
    ),
  ),
]);

/** What Kubernetes binds to single accounts: each controller has a role of its own, with what its duty needs. */
const ACCOUNTS: ReadonlyMap<string, readonly Grant[]> = new Map([
  ...Object.entries(CONTROLLER_ROLES).map(([account, rules]) =>
    accountGrant(`system:controller:${account}`, account, rules),
  ),
  accountGrant('system:kube-scheduler', SCHEDULER_ACCOUNT, SCHEDULER_ROLE),
]);

/**
 * The policy of a cluster without roles: masters may do everything, the control plane's own accounts and nodes what their
 * duty needs, authenticated users may look around, everybody may ask whether the server lives. A kind without role objects
 * of its own cannot give anybody more.
 */
export const bootstrapPolicy = {
  authorize(user: UserInfo, asked: AccessAttributes): AccessVerdict {
    // Kubernetes asks no role about masters, so there is no role to name.
    if (user.groups.includes(MASTERS)) return { allowed: true, reason: '' };
    const grant = grantsOf(user).find(({ rules }) => rules.some((rule) => covers(rule, asked)));
    return grant ? { allowed: true, reason: grant.words } : { allowed: false, reason: '' };
  },
  rules: (user: UserInfo, _namespace: string): UserRules => ({
    rules: grantsOf(user).flatMap(({ rules }) => rules),
    incomplete: false,
  }),
};

/** Those of its account first: for the control plane's own commands the answer is nearly always there. */
function grantsOf({ name, groups }: UserInfo): readonly Grant[] {
  return [
    ...((name.startsWith(ACCOUNT_PREFIX) && ACCOUNTS.get(name.slice(ACCOUNT_PREFIX.length))) || []),
    ...nodeGrants(name, groups),
    ...groups.flatMap((group) => GROUPS.get(group) ?? []),
  ];
}

/** The node authorizer's: it names no role, and asks for the group and the name. */
function nodeGrants(name: string, groups: readonly string[]): readonly Grant[] {
  if (!name.startsWith(NODE_PREFIX) || !groups.includes(NODES)) return [];
  return [
    { words: '', rules: NODE_ROLE },
    { words: '', rules: ofNode(name.slice(NODE_PREFIX.length)) },
  ];
}

function accountGrant(
  role: string,
  account: string,
  rules: readonly PolicyRule[],
): readonly [string, readonly Grant[]] {
  return [account, [{ words: words(role, `ServiceAccount "${account}/kube-system"`), rules }]];
}
function grantsBy(bindings: readonly (readonly [string, Grant])[]): ReadonlyMap<string, readonly Grant[]> {
  const groups = new Map<string, Grant[]>();
  for (const [group, grant] of bindings) groups.set(group, [...(groups.get(group) ?? []), grant]);
  return groups;
}
