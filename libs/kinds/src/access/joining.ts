import { NODE_BUS_RIGHT } from '../certificates/certificatesigningrequest/states.js';
import { JOINING_GROUP } from '../core/secret/bootstrap-token.js';

const RBAC = 'rbac.authorization.k8s.io';
const APPROVAL = 'shiplog:node-autoapprove';

/** Grants that requests for a place on the bus are approved. A certificate for the API is another right: nobody who joins has it. */
export const joiningRole = {
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRole',
  metadata: { name: APPROVAL },
  rules: [
    {
      apiGroups: ['certificates.k8s.io'],
      resources: [`certificatesigningrequests/${NODE_BUS_RIGHT}`],
      verbs: ['create'],
    },
  ],
};

/**
 * What machines with a token may do: ask to be a node, and have that approved without anybody's doing. They are made with the first
 * token, as is {@link joiningRole}: a cluster without one has no way in.
 */
export const joiningBindings = [
  binding('shiplog:node-bootstrapper', 'system:node-bootstrapper'),
  binding(APPROVAL, joiningRole.metadata.name),
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
