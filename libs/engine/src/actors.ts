import type { Loop, UserInfo } from '#model';

/** Every user that the control plane itself acts as. */

export const NODE_PREFIX = 'system:node:';
const AUTHENTICATED = 'system:authenticated';

/** The API server itself: it may do everything, for it makes the roles that everybody else needs. */
const API_SERVER = 'system:apiserver';

/** A loop acts as the service account of its duty, or as the component that does it in Kubernetes: `system:kube-scheduler`. */
export function loopUser({ account }: Pick<Loop, 'account'>): UserInfo {
  if (account === API_SERVER) return { name: account, groups: [AUTHENTICATED, 'system:masters'] };
  if (account.startsWith('system:')) return { name: account, groups: [AUTHENTICATED] };
  return {
    name: `system:serviceaccount:kube-system:${account}`,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', AUTHENTICATED],
  };
}

/** The field manager of a loop's writes: the Kubernetes component that has this duty. */
export function loopManager({ account }: Pick<Loop, 'account'>): string {
  return COMPONENTS.get(account) ?? 'kube-controller-manager';
}
const COMPONENTS: ReadonlyMap<string, string> = new Map([
  ['system:kube-scheduler', 'kube-scheduler'],
  [API_SERVER, 'kube-apiserver'],
]);

/** What an agent reports is written as its node. */
export function nodeUser(node: string): UserInfo {
  return { name: `${NODE_PREFIX}${node}`, groups: ['system:nodes', AUTHENTICATED] };
}
