import { covers, type PolicyRule, type UserInfo } from '#model';
import type { Authorizer } from '#ports';

const MASTERS = 'system:masters';

/** Rules for a group, and the name of the binding and role by which Kubernetes gives them. */
interface Grant {
  readonly group: string;
  readonly name?: string;
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
const bound = (name: string, group: string, ...rules: readonly PolicyRule[]): Grant => ({ name, group, rules });

/** What Kubernetes binds to groups when a cluster begins. */
const GRANTS: readonly Grant[] = [
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
  // Kubernetes gives each of its own accounts a role of its own; without roles they may do everything.
  { group: 'system:serviceaccounts:kube-system', rules: EVERYTHING },
];

/**
 * The policy of a cluster without roles: masters and the control plane's own accounts may do everything, authenticated users
 * may look around, everybody may ask whether the server lives.
 */
export const bootstrapPolicy: Authorizer = {
  authorize(user, asked) {
    // Kubernetes asks no role about masters, so there is no role to name.
    if (user.groups.includes(MASTERS)) return { allowed: true, reason: '' };
    const grant = grantsOf(user).find(({ rules }) => rules.some((rule) => covers(rule, asked)));
    return grant ? { allowed: true, reason: wordsOf(grant) } : { allowed: false, reason: '' };
  },
  rules: (user) => ({ rules: grantsOf(user).flatMap(({ rules }) => rules), incomplete: false }),
};

function grantsOf({ groups }: UserInfo): readonly Grant[] {
  return GRANTS.filter(({ group }) => groups.includes(group));
}
function wordsOf({ group, name }: Grant): string {
  return name ? `RBAC: allowed by ClusterRoleBinding "${name}" of ClusterRole "${name}" to Group "${group}"` : '';
}
