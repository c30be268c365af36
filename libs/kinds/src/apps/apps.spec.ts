import { describe, expect, it } from '@jest/globals';
import { type Given, specification } from '#model/testing';
import type { Json, JsonObject } from '#std';
import { registry } from '../index.js';

const body = (kind: string, spec: JsonObject): JsonObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'd' },
  spec: {
    selector: { matchLabels: { app: 'a' } },
    template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    ...spec,
  },
});
const cluster = (): Given =>
  specification(registry)
    .given()
    .and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'default' } } });
const KINDS = { Deployment: 'apps.deployments', ReplicaSet: 'apps.replicasets' } as const;
type KindName = keyof typeof KINDS;
const create = (kind: KindName, spec: JsonObject) =>
  cluster().when({ verb: 'create', kind: KINDS[kind], namespace: 'default', body: body(kind, spec) });
const patch = (kind: KindName, spec: Json, subresource?: string) =>
  cluster()
    .and({ verb: 'create', kind: KINDS[kind], namespace: 'default', body: body(kind, {}) })
    .when({
      verb: 'patch',
      patchType: 'merge',
      kind: KINDS[kind],
      namespace: 'default',
      name: 'd',
      body: spec,
      ...(subresource && { subresource }),
    });

describe('a deployment', () => {
  it('gets what Kubernetes fills in', () => {
    create('Deployment', {}).thenObject({
      spec: {
        progressDeadlineSeconds: 600,
        replicas: 1,
        revisionHistoryLimit: 10,
        strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' }, type: 'RollingUpdate' },
        template: { spec: { dnsPolicy: 'ClusterFirst', restartPolicy: 'Always', securityContext: {} } },
      },
      status: {},
    });
  });
  it.each<[JsonObject, string]>([
    [{ replicas: -1 }, 'spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    [
      { progressDeadlineSeconds: 5, minReadySeconds: 5 },
      'spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds',
    ],
    [
      { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } },
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
    ],
    [
      { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
      "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
    ],
    [
      { selector: { matchLabels: { app: 'b' } } },
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ],
  ])('is refused with %j', (spec, words) => {
    create('Deployment', spec).thenRefused(422, `Deployment.apps "d" is invalid: ${words}`);
  });
  it('counts a status that cannot be as wrong', () => {
    const { refusal } = patch('Deployment', { status: { replicas: 1, readyReplicas: 2 } }, 'status');
    expect(refusal.message).toBe(
      'Deployment.apps "d" is invalid: status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
    );
  });
  it('tells of a scaling', () => {
    patch('Deployment', { spec: { replicas: 3 } }).thenEvent('DeploymentScaled', { from: 1, to: 3 });
  });
});

describe('both', () => {
  it.each(['Deployment', 'ReplicaSet'] as const)('keep the selector of a %s', (kind) => {
    const { refusal } = patch(kind, {
      spec: { selector: { matchLabels: { app: 'a', x: 'y' } }, template: { metadata: { labels: { x: 'y' } } } },
    });
    expect(refusal.message).toBe(
      `${kind}.apps "d" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"a","x":"y"}}: field is immutable`,
    );
  });
  it.each(['Deployment', 'ReplicaSet'] as const)('let no pod of a %s end for good', (kind) => {
    const template = {
      metadata: { labels: { app: 'a' } },
      spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] },
    };
    create(kind, { template }).thenRefused(
      422,
      `${kind}.apps "d" is invalid: spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"`,
    );
  });
  it('warn of names that pods cannot have as host names', () => {
    const dotted = { ...body('ReplicaSet', {}), metadata: { name: 'a.b' } };
    const { accepted } = cluster().when({
      verb: 'create',
      kind: 'apps.replicasets',
      namespace: 'default',
      body: dotted,
    });
    expect(accepted.warnings).toEqual([
      'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
    ]);
  });
});
