import { describe, expect, it } from '@jest/globals';
import { type Given, specification } from '#model/testing';
import type { Json, JsonObject } from '#std';
import { registry } from '../../index.js';
import type { Pod } from './schema.js';

type Spec = JsonObject;
const kind = 'core.pods';
const withSpec = (spec: Spec): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'c', image: 'i:1' }], ...spec },
});
const cluster = (): Given =>
  specification(registry)
    .given()
    .and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'default' } } })
    .and({
      verb: 'create',
      kind: 'core.serviceaccounts',
      namespace: 'default',
      body: { metadata: { name: 'default' } },
    });
const create = (spec: Spec) => cluster().when({ verb: 'create', kind, namespace: 'default', body: withSpec(spec) });
const made = (spec: Spec): Pod => create(spec).accepted.object as Pod;
const given = (spec: Spec): Given =>
  cluster().and({ verb: 'create', kind, namespace: 'default', body: withSpec(spec) });
const patch = (before: Given, body: Json, subresource?: string) =>
  before.when({
    verb: 'patch',
    patchType: 'strategic',
    kind,
    namespace: 'default',
    name: 'p',
    body,
    ...(subresource && { subresource }),
  });

describe('a new pod', () => {
  it('gets what Kubernetes fills in', () => {
    expect(made({}).spec).toMatchObject({
      dnsPolicy: 'ClusterFirst',
      enableServiceLinks: true,
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      securityContext: {},
      serviceAccount: 'default',
      serviceAccountName: 'default',
      terminationGracePeriodSeconds: 30,
    });
    expect(made({}).spec.containers[0]).toMatchObject({
      imagePullPolicy: 'IfNotPresent',
      resources: {},
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
    });
  });
  it.each([
    ['i', 'Always'],
    ['i:latest', 'Always'],
    ['host:5000/i', 'Always'],
    ['host:5000/i:1', 'IfNotPresent'],
    ['i@sha256:0', 'IfNotPresent'],
  ])('pulls %s %s', (image, policy) => {
    expect(made({ containers: [{ name: 'c', image }] }).spec.containers[0]?.imagePullPolicy).toBe(policy);
  });
  it('asks for its limits where it asks for nothing', () => {
    const { resources } =
      made({ containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: '1000m' } } }] }).spec.containers[0] ??
      {};
    expect(resources).toEqual({ limits: { cpu: '1' }, requests: { cpu: '1' } });
  });
  it('takes the host network for its ports', () => {
    const ports = [{ containerPort: 80 }];
    expect(
      made({ hostNetwork: true, containers: [{ name: 'c', image: 'i', ports }] }).spec.containers[0]?.ports,
    ).toEqual([{ containerPort: 80, hostPort: 80, protocol: 'TCP' }]);
  });
  it('loses fields of features that are off', () => {
    const lifecycle = { stopSignal: 'SIGUSR1' };
    expect(
      made({ os: { name: 'linux' }, containers: [{ name: 'c', image: 'i', lifecycle }] }).spec.containers[0]?.lifecycle,
    ).toEqual({});
  });
});

describe('a pod is refused', () => {
  const container = (fields: JsonObject): Spec => ({ containers: [{ name: 'c', image: 'i', ...fields }] });
  it.each<[Spec, string]>([
    [{ containers: [] }, 'spec.containers: Required value'],
    [
      container({ name: 'A_b' }),
      `spec.containers[0].name: Invalid value: "A_b": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
    ],
    [
      container({ image: ' i ' }),
      'spec.containers[0].image: Invalid value: " i ": must not have leading or trailing whitespace',
    ],
    [
      container({ ports: [{ containerPort: 70000 }] }),
      'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
    [
      container({ resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }),
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
    [container({ livenessProbe: {} }), 'spec.containers[0].livenessProbe: Required value: must specify a handler type'],
    [
      container({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
      'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ],
    [{ volumes: [{ name: 'v', hostPath: {} }] }, 'spec.volumes[0].hostPath.path: Required value'],
    [
      { volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] },
      'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
    ],
    [
      { restartPolicy: 'Sometimes' },
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    ],
    [
      { tolerations: [{ key: 'k', operator: 'Exists', value: 'v' }] },
      `spec.tolerations[0].operator: Invalid value: "v": value must be empty when \`operator\` is 'Exists'`,
    ],
    [
      { ephemeralContainers: [{ name: 'e', image: 'i' }] },
      'spec.ephemeralContainers: Forbidden: cannot be set on create',
    ],
  ])('%j', (spec, words) => {
    create(spec).thenRefused(422, `Pod "p" is invalid: ${words}`);
  });
  it('with every problem, in the order of the fields', () => {
    const { refusal } = create({ dnsPolicy: 'x', containers: [{ name: '', image: '' }] });
    expect(refusal.details?.causes?.map(({ field }) => field)).toEqual([
      'spec.containers[0].name',
      'spec.containers[0].image',
      'spec.dnsPolicy',
    ]);
  });
});

describe('a pod that is there', () => {
  it('may get another image and more tolerations', () => {
    patch(given({}), { spec: { containers: [{ name: 'c', image: 'i:2' }] } }).thenEvent('SpecChanged', {
      set: [
        [['metadata', 'generation'], 2],
        [['spec', 'containers', 0, 'image'], 'i:2'],
      ],
    });
  });
  it('quotes what else was to change', () => {
    const { refusal } = patch(given({}), { spec: { dnsPolicy: 'Default' } });
    expect(refusal.message).toContain('pod updates may not change fields other than');
    expect(refusal.message).toMatch(
      /@@ -\d+,7 \+\d+,7 @@\n(.*\n){3}- "DNSPolicy": "ClusterFirst",\n\+ "DNSPolicy": "Default",\n/,
    );
  });
  it('keeps its deadline or gets a nearer one', () => {
    const before = given({ activeDeadlineSeconds: 600 });
    patch(before, { spec: { activeDeadlineSeconds: 900 } }).thenRefused(
      422,
      'Pod "p" is invalid: spec.activeDeadlineSeconds: Invalid value: 900: must be less than or equal to previous value',
    );
    patch(before, { spec: { activeDeadlineSeconds: 60 } }).thenEvent('SpecChanged');
  });
  it('gets other amounts through /resize alone', () => {
    const before = given({ containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '1' } } }] });
    const body = { spec: { containers: [{ name: 'c', image: 'other', resources: { requests: { cpu: '2' } } }] } };
    const { object } = patch(before, body, 'resize').accepted;
    expect((object as Pod).spec.containers[0]).toMatchObject({ image: 'i', resources: { requests: { cpu: '2' } } });
    expect(patch(before, body).refusal.code).toBe(422);
  });
  it('stays in its class of service', () => {
    const body = { spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '2' } } }] } };
    patch(given({}), body, 'resize').thenRefused(
      422,
      'Pod "p" is invalid: spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing',
    );
  });
  it('gets ephemeral containers that stay as they are', () => {
    const before = given({}).and({
      verb: 'patch',
      patchType: 'strategic',
      kind,
      namespace: 'default',
      name: 'p',
      subresource: 'ephemeralcontainers',
      body: { spec: { ephemeralContainers: [{ name: 'e', image: 'i' }] } },
    });
    const changed = { spec: { ephemeralContainers: [{ name: 'e', image: 'z' }] } };
    expect(patch(before, changed, 'ephemeralcontainers').refusal.message).toContain(
      'existing ephemeral containers "e" may not be changed',
    );
  });
});
