import { describe, expect, it } from '@jest/globals';
import { decideCommand, isRefusal, type Command } from '#model';
import { specification, submit, testCommand, TEST_NOW, type TestCommand } from '#model/testing';
import type { Json, JsonObject } from '#std';
import fc from 'fast-check';
import { registry } from './index.js';

/** One good object of each kind; what clients send is this with something broken in it. */
const container = { name: 'c', image: 'i:1', ports: [{ containerPort: 80 }], env: [{ name: 'A', value: '1' }] };
const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [container] } };
const webhookConfiguration = {
  webhooks: [
    {
      name: 'a.hooks.example.com',
      clientConfig: { url: 'https://hooks.example.com/' },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      objectSelector: { matchLabels: { a: 'b' } },
      matchConditions: [{ name: 'c', expression: 'true' }],
    },
  ],
};
const GOOD: Readonly<Record<string, JsonObject>> = {
  'networking.k8s.io.ingressclasses': { spec: { controller: 'example.com/x' } },
  'networking.k8s.io.ingresses': { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } },
  'networking.k8s.io.ipaddresses': {
    metadata: { name: '10.0.0.1' },
    spec: { parentRef: { resource: 'services', namespace: 'n', name: 's' } },
  },
  'networking.k8s.io.servicecidrs': { spec: { cidrs: ['10.0.0.0/24'] } },
  'core.configmaps': { data: { a: '1' }, binaryData: { b: 'AA==' } },
  'core.events': {
    involvedObject: { kind: 'Pod', namespace: 'n', name: 'p' },
    reason: 'R',
    message: 'm',
    type: 'Normal',
  },
  'core.podtemplates': {
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } },
  },
  'core.namespaces': { spec: { finalizers: ['kubernetes'] } },
  'core.nodes': {
    spec: { taints: [{ key: 'a', effect: 'NoSchedule' }], podCIDR: '10.0.0.0/24' },
    status: { capacity: { cpu: '4' } },
  },
  'core.pods': {
    spec: { containers: [container], tolerations: [{ operator: 'Exists' }], volumes: [{ name: 'v', emptyDir: {} }] },
  },
  'core.secrets': { stringData: { a: '1' }, type: 'Opaque' },
  'core.serviceaccounts': { secrets: [{ name: 's' }], imagePullSecrets: [{ name: 'p' }] },
  'core.services': { spec: { ports: [{ port: 80 }], selector: { app: 'x' } } },
  'apps.deployments': { spec: { selector: { matchLabels: { app: 'x' } }, template } },
  'apps.replicasets': { spec: { selector: { matchLabels: { app: 'x' } }, template } },
  'apiextensions.k8s.io.customresourcedefinitions': {
    metadata: {
      name: 'boats.example.com',
      labels: { app: 'x' },
      annotations: { a: 'b' },
      finalizers: ['example.com/f'],
    },
    spec: {
      ...{ group: 'example.com', scope: 'Namespaced', names: { plural: 'boats', kind: 'Boat' } },
      versions: [{ ...{ name: 'v1', served: true, storage: true }, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  },
  'admissionregistration.k8s.io.mutatingwebhookconfigurations': webhookConfiguration,
  'admissionregistration.k8s.io.validatingwebhookconfigurations': webhookConfiguration,
  'admissionregistration.k8s.io.validatingadmissionpolicies': {
    spec: {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        objectSelector: { matchLabels: { a: 'b' } },
      },
      matchConditions: [{ name: 'c', expression: 'true' }],
      variables: [{ name: 'v', expression: 'object.metadata.name' }],
      validations: [{ expression: "variables.v != 'x'", message: 'm', reason: 'Invalid' }],
      auditAnnotations: [{ key: 'k', valueExpression: "'v'" }],
    },
  },
  'admissionregistration.k8s.io.validatingadmissionpolicybindings': {
    spec: {
      policyName: 'p',
      paramRef: { selector: {}, parameterNotFoundAction: 'Deny' },
      matchResources: { namespaceSelector: { matchLabels: { a: 'b' } } },
      validationActions: ['Deny', 'Audit'],
    },
  },
  'apiregistration.k8s.io.apiservices': {
    metadata: {
      name: 'v1.example.com',
      labels: { app: 'x' },
      annotations: { a: 'b' },
      finalizers: ['example.com/f'],
    },
    spec: {
      ...{ group: 'example.com', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 10 },
      service: { namespace: 'n', name: 's' },
    },
  },
  'autoscaling.horizontalpodautoscalers': {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
      maxReplicas: 3,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
      behavior: { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 15 }], tolerance: '50m' } },
    },
  },
  'batch.jobs': {
    spec: {
      ...{ completionMode: 'Indexed', completions: 3, parallelism: 2, backoffLimitPerIndex: 1, maxFailedIndexes: 2 },
      podFailurePolicy: {
        rules: [
          { action: 'FailIndex', onExitCodes: { containerName: 'c', operator: 'NotIn', values: [0, 1] } },
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        ],
      },
      successPolicy: { rules: [{ succeededIndexes: '0,2', succeededCount: 1 }] },
      managedBy: 'example.com/me',
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } },
    },
  },
  'batch.cronjobs': {
    spec: {
      ...{ schedule: '*/5 0-12 1,15 * MON', timeZone: 'Europe/Berlin', startingDeadlineSeconds: 30 },
      jobTemplate: {
        metadata: { labels: { a: 'b' } },
        spec: { template: { spec: { restartPolicy: 'OnFailure', containers: [{ name: 'c', image: 'i' }] } } },
      },
    },
  },
  'certificates.k8s.io.certificatesigningrequests': {
    spec: {
      request: [
        'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIYU1JR0FBZ0VBTUI0eERUQUxCZ05WQkFvTUJHUmxkbk14RFRB',
        'TEJnTlZCQU1NQkdwaGJtVXdXVEFUQmdjcQpoa2pPUFFJQkJnZ3Foa2pPUFFNQkJ3TkNBQVQ4RG1LNS84d2lOL0srSUg3YU1EUjhL',
        'WklXRXBTWUdWbTE5a2ROCkdXbERDM2lYdi9ncm5wZUJjckpPYmwwbkVucmtqK1JMam5icEUzMlhRL2Y0R1IrbW9BQXdDZ1lJS29a',
        'SXpqMEUKQXdJRFNRQXdSZ0loQUtONm1nTGJ1Tjc0M0ZPQjdPSlJhMDNhU0JyN2Y3S0EvMkxPQjhKYVczMzZBaUVBc3FpZAp3bnEr',
        'MVVnSDdRMjg3MWlaTUg3RDBRZWdqbHZjWDJXTWY0MGE5N1U9Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=',
      ].join(''),
      ...{ signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'], expirationSeconds: 3600 },
    },
  },
  'coordination.k8s.io.leases': { spec: { holderIdentity: 'me', leaseDurationSeconds: 5 } },
  'discovery.k8s.io.endpointslices': {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ port: 80 }],
  },
  'flowcontrol.apiserver.k8s.io.flowschemas': {
    spec: {
      priorityLevelConfiguration: { name: 'l' },
      matchingPrecedence: 500,
      distinguisherMethod: { type: 'ByUser' },
      rules: [
        {
          subjects: [{ kind: 'ServiceAccount', serviceAccount: { namespace: 'n', name: '*' } }],
          resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['n'] }],
          nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['/healthz'] }],
        },
      ],
    },
  },
  'flowcontrol.apiserver.k8s.io.prioritylevelconfigurations': {
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: 5,
        lendablePercent: 50,
        borrowingLimitPercent: 10,
        limitResponse: { type: 'Queue', queuing: { queues: 8, handSize: 2, queueLengthLimit: 5 } },
      },
    },
  },
  'node.k8s.io.runtimeclasses': { handler: 'h', overhead: { podFixed: { cpu: '1' } } },
  'scheduling.k8s.io.priorityclasses': { value: 7, description: 'd', preemptionPolicy: 'Never' },
  'rbac.authorization.k8s.io.roles': { rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] },
  'rbac.authorization.k8s.io.clusterroles': {
    rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }],
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
  },
  'rbac.authorization.k8s.io.rolebindings': {
    subjects: [{ kind: 'User', name: 'u' }],
    roleRef: { kind: 'Role', name: 'r' },
  },
  'rbac.authorization.k8s.io.clusterrolebindings': {
    subjects: [{ kind: 'ServiceAccount', name: 'a', namespace: 'n' }],
    roleRef: { kind: 'ClusterRole', name: 'r' },
  },
};
const metadata = { name: 'o', labels: { app: 'x' }, annotations: { a: 'b' }, finalizers: ['example.com/f'] };
const { given } = specification(registry);
const home = () =>
  given()
    .and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'n' } } })
    .and({ verb: 'create', kind: 'core.serviceaccounts', namespace: 'n', body: { metadata: { name: 'default' } } });

/** The value with another one at a place that the numbers choose. */
function broken(value: Json, path: readonly number[], by: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return by;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(1, keys.length)];
  if (key === undefined) return by;
  const inner = broken((value as Record<string, Json>)[key] ?? null, rest, by);
  return Array.isArray(value)
    ? value.map((item: Json, i) => (String(i) === key ? inner : item))
    : { ...value, [key]: inner };
}
const breakage = fc.record({
  path: fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }),
  by: fc.oneof(
    fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
    fc.constantFrom<Json>('', 'x'.repeat(300), -1, null, [], {}, '10.0.0.0/8'),
  ),
});

const stored = registry.all.filter((kind) => !kind.isVirtual);
describe.each(stored.map((kind) => kind.id))('%s', (id) => {
  const kind = registry.byId(id);
  const inNamespace = kind?.names.namespaced ? { namespace: 'n' } : {};
  const good: JsonObject = { metadata, ...GOOD[id] };
  const { name } = good['metadata'] as { readonly name: string };
  const decide = (view: ReturnType<typeof home>['view'], command: Command) => {
    const decided = decideCommand(registry, command, view, { now: TEST_NOW, uid: 'u-1' });
    // Deciding twice gives the same: nothing but state, command and what is given goes into it.
    expect(decideCommand(registry, command, view, { now: TEST_NOW, uid: 'u-1' })).toEqual(decided);
    if (isRefusal(decided)) {
      expect(decided.code).toBeGreaterThanOrEqual(400);
      expect(decided.message).not.toMatch(/undefined(?! field ')|\[object Object\]/);
    }
  };

  it('decides on a creation with anything broken in it, and never throws', () => {
    const { view } = home();
    fc.assert(
      fc.property(breakage, ({ path, by }) => {
        const body = broken(good, path, by) as JsonObject;
        decide(view, testCommand({ verb: 'create', kind: id, ...inNamespace, body } as TestCommand));
      }),
      { numRuns: 150 },
    );
  });

  it('records nothing when what is there is put back as it was read', () => {
    const there = home().and({ verb: 'create', kind: id, ...inNamespace, body: good } as TestCommand);
    const read = there.view.get({ id }, inNamespace.namespace, name);
    const put = { verb: 'update', kind: id, ...inNamespace, name, body: read } as unknown as TestCommand;
    there.when(put).thenNothing();
  });

  it('decides on any change of what is there, and its event folds to the object it promised', () => {
    fc.assert(
      fc.property(breakage, fc.constantFrom('merge', 'strategic', 'update', 'apply'), ({ path, by }, how) => {
        const there = home().and({ verb: 'create', kind: id, ...inNamespace, body: good } as TestCommand);
        const body = broken(good, path, by) as JsonObject;
        const apiVersion = kind?.names.group ? `${kind.names.group}/${kind.names.version}` : 'v1';
        const command: TestCommand = {
          verb: how === 'update' ? 'update' : 'patch',
          ...(how !== 'update' && { patchType: how as 'merge' }),
          kind: id,
          ...inNamespace,
          name,
          body: { apiVersion, kind: kind?.names.kind ?? '', ...body },
          options: { fieldManager: 'fuzz', force: true },
        };
        decide(there.view, testCommand(command));
        submit(registry, there.view, testCommand(command), TEST_NOW);
      }),
      { numRuns: 120 },
    );
  });
});
