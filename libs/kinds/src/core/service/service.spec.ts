import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isUndecided, type KubeObject } from '#model';
import { specification, submit, testCommand, TestView } from '#model/testing';
import type { JsonObject } from '#std';
import { registry } from '../../index.js';
import type { Service } from './schema.js';

const kind = 'core.services';
const namespace: KubeObject = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'default', uid: 'ns' },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
};
const kubernetes: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'kubernetes', namespace: 'default', uid: 'kube' },
  spec: { type: 'ClusterIP', clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'], ports: [{ port: 443 }] },
};
const ports = [{ port: 80 }];
const body = (spec: JsonObject, name = 's'): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec,
});
const given = () => specification(registry).given([namespace, kubernetes]);
const create = (spec: JsonObject, more: object = {}) =>
  given().when({ verb: 'create', kind, body: body(spec), ...more });
const specOf = (object: KubeObject): Service['spec'] => (object as Service).spec;
/** A change of a service that was made with `before`. */
const patch = (before: JsonObject, change: JsonObject) =>
  given()
    .and({ verb: 'create', kind, body: body(before) })
    .when({ verb: 'patch', kind, namespace: 'default', name: 's', patchType: 'merge', body: { spec: change } });

describe('a new service', () => {
  it('gets an address, its family and its defaults', () => {
    const outcome = create({ ports }).thenEvent('Created');
    const spec = specOf(outcome.accepted.object);
    expect(spec.clusterIP).toMatch(/^10\.96\.\d+\.\d+$/);
    expect(spec).toMatchObject({
      clusterIPs: [spec.clusterIP],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      type: 'ClusterIP',
    });
    expect(spec.ports).toEqual([{ port: 80, protocol: 'TCP', targetPort: 80 }]);
  });
  it('is headless in both families when it selects nothing', () => {
    create({ ports, clusterIP: 'None' }).thenObject({
      spec: { clusterIPs: ['None'], ipFamilyPolicy: 'RequireDualStack' },
    });
    create({ ports, clusterIP: 'None', selector: { a: 'b' } }).thenObject({ spec: { ipFamilies: ['IPv4'] } });
  });
  it('shares a node port between protocols of one number', () => {
    const outcome = create({
      type: 'NodePort',
      ports: [
        { name: 'a', port: 53, nodePort: 30024 },
        { name: 'b', port: 53, protocol: 'UDP' },
      ],
    });
    expect(specOf(outcome.accepted.object).ports?.map((port) => port.nodePort)).toEqual([30024, 30024]);
  });
  it.each([
    [
      { ports, clusterIP: '10.96.0.1' },
      'spec.clusterIPs: Invalid value: ["10.96.0.1"]: failed to allocate IP 10.96.0.1: provided IP is already allocated',
    ],
    [
      { ports: [{ port: 80, nodePort: 80 }], type: 'NodePort' },
      'spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
    ],
    [
      { ports, clusterIPs: ['None'] },
      'spec.clusterIPs: Invalid value: ["None"]: must be empty when `clusterIP` is not specified',
    ],
    [{}, 'spec.ports: Required value'],
    [{ ports, type: 'ExternalName' }, 'spec.externalName: Required value'],
    [
      { ports, externalIPs: ['127.0.0.1'] },
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
  ])('%j is refused', (spec, problem) => {
    create(spec).thenRefused(422, `Service "s" is invalid: ${problem}`);
  });
  it('takes nothing on a dry run', () => {
    create({ ports, clusterIP: '10.96.0.1' }, { options: { dryRun: true } }).thenNothing();
  });
});

describe('the ports of nodes', () => {
  /** A service that has all of them but so many. */
  const holding = (but: number): KubeObject => ({
    ...kubernetes,
    metadata: { name: 'greedy', namespace: 'default', uid: 'greedy' },
    spec: {
      ...{ type: 'NodePort', clusterIP: '10.96.0.2', clusterIPs: ['10.96.0.2'] },
      ports: Array.from({ length: 2768 - but }, (_, i) => ({ name: `p${i}`, port: i + 1, nodePort: 30_000 + i })),
    },
  });
  const two = [
    { name: 'a', port: 80 },
    { name: 'b', port: 81 },
  ];
  const full = 'Internal error occurred: failed to allocate a nodePort: range is full';
  const made = (spec: JsonObject, left: number) =>
    specification(registry)
      .given([namespace, kubernetes, holding(left)])
      .when({ verb: 'create', kind, body: body(spec) });

  it('that are all taken are given to nobody, and none is taken by who cannot have all that it asks for', () => {
    made({ ports, type: 'NodePort' }, 0).thenRefused(500, full);
    made({ ports: two, type: 'NodePort' }, 1).thenRefused(500, full);
    const outcome = made({ ports, type: 'NodePort' }, 1).thenEvent('Created');
    expect(specOf(outcome.accepted.object).ports?.[0]?.nodePort).toBe(32_767);
    made({ ports, type: 'LoadBalancer', externalTrafficPolicy: 'Local' }, 1).thenRefused(
      500,
      'Internal error occurred: failed to allocate a HealthCheck NodePort 0: range is full',
    );
  });
  it('that are all taken are missed by no service that needs none', () => {
    made({ ports }, 0).thenEvent('Created');
    made({ ports, type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }, 0).thenEvent('Created');
  });
});

describe('a change of a service', () => {
  it('keeps what the cluster gave, ports by their names', () => {
    const outcome = patch(
      { type: 'NodePort', ports: [{ name: 'a', port: 80, nodePort: 30100 }] },
      { clusterIP: null, ports: [{ name: 'a', port: 81 }] },
    );
    expect(specOf(outcome.accepted.object).ports?.[0]?.nodePort).toBe(30100);
    expect(specOf(outcome.accepted.object).clusterIP).toBeDefined();
  });
  it('drops with its type what was given for it', () => {
    const outcome = patch({ type: 'LoadBalancer', ports, externalTrafficPolicy: 'Local' }, { type: 'ClusterIP' });
    const spec = specOf(outcome.accepted.object);
    expect(spec.ports).toEqual([{ port: 80, protocol: 'TCP', targetPort: 80 }]);
    expect([spec.healthCheckNodePort, spec.externalTrafficPolicy, spec.allocateLoadBalancerNodePorts]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
  it('becomes a name alone, and an address again', () => {
    const named = patch({ ports }, { type: 'ExternalName', externalName: 'db.example.com' });
    expect(specOf(named.accepted.object)).toEqual({
      externalName: 'db.example.com',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      sessionAffinity: 'None',
      type: 'ExternalName',
    });
  });
  it('does not move an address', () => {
    patch({ ports }, { clusterIP: '10.96.77.77' }).thenRefused(
      422,
      'Service "s" is invalid: spec.clusterIPs[0]: Invalid value: ["10.96.77.77"]: may not change once set',
    );
  });
});

describe('allocation', () => {
  it('never gives an address or a port twice', () => {
    const wish = fc.record({ node: fc.boolean(), two: fc.boolean() });
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 12 }), (wishes) => {
        const view = new TestView(registry);
        view.put(namespace);
        const ips: string[] = [];
        const nodePorts: number[] = [];
        wishes.forEach(({ node, two }, i) => {
          const list = two
            ? [
                { name: 'a', port: 1 },
                { name: 'b', port: 2 },
              ]
            : ports;
          const command = testCommand({
            verb: 'create',
            kind,
            body: body({ ports: list, type: node ? 'NodePort' : 'ClusterIP' }, `s${i}`),
          });
          const decided = submit(registry, view, command, 0);
          if (isUndecided(decided)) throw new Error(JSON.stringify(decided));
          const spec = specOf(decided.object);
          ips.push(spec.clusterIP ?? '');
          nodePorts.push(...(spec.ports ?? []).flatMap((port) => port.nodePort ?? []));
        });
        expect(new Set(ips).size).toBe(ips.length);
        expect(new Set(nodePorts).size).toBe(nodePorts.length);
        expect(nodePorts.every((port) => port >= 30000 && port <= 32767)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});
