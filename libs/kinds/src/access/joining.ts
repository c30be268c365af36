import { JOINING_GROUP } from '../core/secret/bootstrap-token.js';

const RBAC = 'rbac.authorization.k8s.io';

/**
 * What machines with a token may do: ask to be a node, and have that approved without anybody's doing. They are made with the first
 * token: a cluster without one has no way in.
 */
export const joiningBindings = [
  binding('shiplog:node-bootstrapper', 'system:node-bootstrapper'),
  binding('shiplog:node-autoapprove', 'system:certificates.k8s.io:certificatesigningrequests:nodeclient'),
];

function binding(name: string, role: string) {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: RBAC, kind: 'Group', name: JOINING_GROUP }],
  };
}
