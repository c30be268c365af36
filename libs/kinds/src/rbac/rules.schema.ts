import { f, type Infer, list, object, req, string, labelSelector } from '#model';

const ATOMIC = { listType: 'atomic' } as const;

/** The API group of roles and bindings. */
export const RBAC_GROUP = 'rbac.authorization.k8s.io';

export const policyRule = object('io.k8s.api.rbac.v1.PolicyRule', 'Verbs on resources, or on URLs of no resource.', {
  verbs: req(list(string), 1, 'The verbs; * stands for all.', ATOMIC),
  apiGroups: f(list(string), 2, 'API groups of the resources; * stands for all.', ATOMIC),
  resources: f(list(string), 3, 'The resources, `pods` or `pods/log`; * stands for all.', ATOMIC),
  resourceNames: f(list(string), 4, 'Names of the objects; none stands for all.', ATOMIC),
  nonResourceURLs: f(list(string), 5, 'URL paths; a * at the end matches every continuation.', ATOMIC),
});
export type StoredPolicyRule = Infer<typeof policyRule>;

export const aggregationRule = object(
  'io.k8s.api.rbac.v1.AggregationRule',
  'Selects the ClusterRoles whose rules a ClusterRole is the union of.',
  { clusterRoleSelectors: f(list(labelSelector), 1, 'A ClusterRole that matches any of these is included.', ATOMIC) },
);
export type AggregationRule = Infer<typeof aggregationRule>;

/** What both kinds of roles hold. */
export interface Rules {
  readonly rules?: readonly StoredPolicyRule[] | null;
  readonly aggregationRule?: AggregationRule;
}

/** The field `rules` of both kinds of roles: written even where there are none. */
export const rulesField = f(list(policyRule), 2, 'The rules of this role.', { ...ATOMIC, always: null });
