import { byte, f, int32, list, named, object, req, string, type Infer, type ObjectType, labelSelector } from '#model';
import { matchConditionsField } from './match.schema.js';

const P = 'io.k8s.api.admissionregistration.v1';
const ATOMIC = { listType: 'atomic' } as const;
const POINTER = { pointer: true } as const;
/** The Rule of a RuleWithOperations is embedded with tag 2. */
const OF_RULE = { ...ATOMIC, inline: [2] } as const;

const serviceReference = object(`${P}.ServiceReference`, 'A port of a service.', {
  namespace: req(string, 1, 'Namespace of the service.'),
  name: req(string, 2, 'Name of the service.'),
  path: f(string, 3, 'Path of the requests.', POINTER),
  port: f(int32, 4, 'Port of the service.', { ...POINTER, fill: 443 }),
});
const clientConfig = object(`${P}.WebhookClientConfig`, 'How a webhook is reached.', {
  service: f(serviceReference, 1, 'Service of the webhook; instead of a URL.'),
  caBundle: f(byte, 2, 'PEM certificates of the CAs that verify the webhook; those of the system where absent.'),
  url: f(string, 3, 'URL of the webhook; instead of a service.', POINTER),
});
const rule = object(`${P}.RuleWithOperations`, 'Operations on resources.', {
  operations: f(list(named('v1.OperationType')), 1, 'CREATE, UPDATE, DELETE, CONNECT, or * for all of them.', ATOMIC),
  apiGroups: f(list(string), 1, 'API groups; * for all of them.', OF_RULE),
  apiVersions: f(list(string), 2, 'Versions; * for all of them.', OF_RULE),
  resources: f(list(string), 3, 'Resources: pods, pods/log, pods/*, */scale, * or */*.', OF_RULE),
  scope: f(named('v1.ScopeType'), 4, 'Cluster, Namespaced, or * for both.', {
    ...{ inline: [2], pointer: true, fill: '*' },
  }),
});

/** Fields that mutating and validating webhooks have alike; two of them have tags of their own. */
const fields = (tags: { readonly objectSelector: number; readonly matchConditions: number }) => ({
  name: req(string, 1, 'Name of the webhook, a domain of three segments or more; unique in its configuration.'),
  clientConfig: req(clientConfig, 2, 'How it is reached.', { always: {} }),
  rules: f(list(rule), 3, 'Operations on resources of which one must match.', ATOMIC),
  failurePolicy: f(named('v1.FailurePolicyType'), 4, 'Fail or Ignore, where it gives no answer.', {
    ...{ ...POINTER, fill: 'Fail' },
  }),
  matchPolicy: f(named('v1.MatchPolicyType'), 9, 'Exact, or Equivalent for all versions of a resource.', {
    ...{ ...POINTER, fill: 'Equivalent' },
  }),
  namespaceSelector: f(labelSelector, 5, 'Labels of the namespace of the object.', { fill: {} }),
  objectSelector: f(labelSelector, tags.objectSelector, 'Labels of the object, as it will be or as it was.', {
    fill: {},
  }),
  sideEffects: req(named('v1.SideEffectClass'), 6, 'None, or NoneOnDryRun where a dry run alone has none.', {
    always: null,
  }),
  timeoutSeconds: f(int32, 7, 'How long it may take to answer, 1 to 30 seconds.', { ...POINTER, fill: 10 }),
  admissionReviewVersions: req(list(string), 8, 'Versions of AdmissionReview that it understands, the best first.', {
    ...{ ...ATOMIC, always: null },
  }),
  matchConditions: matchConditionsField(tags.matchConditions),
});

export const validatingWebhook = object(
  `${P}.ValidatingWebhook`,
  'A server that may refuse requests.',
  fields({ objectSelector: 10, matchConditions: 11 }),
);
export type ValidatingWebhook = Infer<typeof validatingWebhook>;

export const mutatingWebhook = object(`${P}.MutatingWebhook`, 'A server that may change and refuse requests.', {
  ...fields({ objectSelector: 11, matchConditions: 12 }),
  reinvocationPolicy: f(named('v1.ReinvocationPolicyType'), 10, 'Never, or IfNeeded to see what others changed.', {
    ...{ ...POINTER, fill: 'Never' },
  }),
});
export type MutatingWebhook = Infer<typeof mutatingWebhook>;
export type AnyWebhook = ValidatingWebhook & Partial<Pick<MutatingWebhook, 'reinvocationPolicy'>>;

/** The list of a configuration. */
export const webhooksField = <T>(webhook: ObjectType<T>) =>
  f(list(webhook), 2, 'The servers.', {
    ...{ listType: 'map', mapKeys: ['name'], mergeKey: 'name', patchStrategy: 'merge' },
  });
