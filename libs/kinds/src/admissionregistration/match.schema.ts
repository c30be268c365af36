import { f, list, named, object, req, string, type Infer, labelSelector } from '#model';

const P = 'io.k8s.api.admissionregistration.v1';
const ATOMIC = { listType: 'atomic' } as const;
/** RuleWithOperations is embedded with tag 2, and its Rule with tag 2 in turn. */
const OF_RULE = { ...ATOMIC, inline: [2, 2] } as const;

export const namedRuleWithOperations = object(
  `${P}.NamedRuleWithOperations`,
  'Operations on resources, and perhaps on objects of certain names.',
  {
    resourceNames: f(list(string), 1, 'Names of the objects; every name when empty.', ATOMIC),
    operations: f(list(named('v1.OperationType')), 1, 'CREATE, UPDATE, DELETE, CONNECT, or * for all of them.', {
      ...ATOMIC,
      inline: [2],
    }),
    apiGroups: f(list(string), 1, 'API groups; * for all of them.', OF_RULE),
    apiVersions: f(list(string), 2, 'Versions; * for all of them.', OF_RULE),
    resources: f(list(string), 3, 'Resources: pods, pods/log, pods/*, */scale, * or */*.', OF_RULE),
    scope: f(named('v1.ScopeType'), 4, 'Cluster, Namespaced, or * for both.', {
      ...{ inline: [2, 2], pointer: true, fill: '*' },
    }),
  },
  { mapType: 'atomic' },
);
export type NamedRule = Infer<typeof namedRuleWithOperations>;

export const matchResources = object(
  `${P}.MatchResources`,
  'Which requests are meant.',
  {
    namespaceSelector: f(labelSelector, 1, 'Labels of the namespace of the object.', { fill: {} }),
    objectSelector: f(labelSelector, 2, 'Labels of the object, as it will be or as it was.', { fill: {} }),
    resourceRules: f(list(namedRuleWithOperations), 3, 'Operations on resources of which one must match.', ATOMIC),
    excludeResourceRules: f(list(namedRuleWithOperations), 4, 'Operations on resources that are left out.', ATOMIC),
    matchPolicy: f(named('v1.MatchPolicyType'), 7, 'Exact, or Equivalent for all versions of a resource.', {
      ...{ fill: 'Equivalent', pointer: true },
    }),
  },
  { mapType: 'atomic' },
);
export type MatchResourcesField = Infer<typeof matchResources>;

export const matchCondition = object(`${P}.MatchCondition`, 'A condition that a request must fulfil.', {
  name: req(string, 1, 'Name of the condition, unique in its list.'),
  expression: req(string, 2, 'CEL expression that gives a bool.'),
});
export type MatchCondition = Infer<typeof matchCondition>;

export const matchConditionsField = (tag: number) =>
  f(list(matchCondition), tag, 'Conditions that must all hold, at most 64.', {
    ...{ listType: 'map', mapKeys: ['name'], mergeKey: 'name', patchStrategy: 'merge' },
  });
