import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '#model';
import { specification, TEST_NOW } from '#model/testing';
import { toTime, type JsonObject } from '#std';
import { registry } from '../index.js';

const SECOND = 1_000;
const namespace: KubeObject = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'default', uid: 'ns' },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
};
const networking = (kind: string, metadata: JsonObject, spec: JsonObject): JsonObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind,
  metadata,
  spec,
});
const backend = { service: { name: 's', port: { number: 80 } } };
const ingress = (spec: JsonObject, annotations?: JsonObject): JsonObject =>
  networking('Ingress', { name: 'i', namespace: 'default', ...(annotations && { annotations }) }, spec);
const given = (objects: readonly KubeObject[] = []) => specification(registry).given([namespace, ...objects]);
const create = (body: JsonObject, objects: readonly KubeObject[] = []) => {
  const kinds: Readonly<Record<string, string>> = {
    Ingress: 'networking.k8s.io.ingresses',
    IPAddress: 'networking.k8s.io.ipaddresses',
    NetworkPolicy: 'networking.k8s.io.networkpolicies',
    Service: 'core.services',
  };
  return given(objects).when({ verb: 'create', kind: kinds[String(body['kind'])] ?? '', body });
};

describe('a network policy', () => {
  const policy = (spec: JsonObject): JsonObject =>
    networking('NetworkPolicy', { name: 'n', namespace: 'default' }, { podSelector: {}, ...spec });
  it('isolates what it has rules for', () => {
    create(policy({})).thenObject({ spec: { policyTypes: ['Ingress'] } });
    create(policy({ egress: [{}] })).thenObject({ spec: { policyTypes: ['Ingress', 'Egress'] } });
    create(policy({ policyTypes: ['Egress'] })).thenObject({ spec: { policyTypes: ['Egress'] } });
  });
  it('has TCP where it names no protocol', () => {
    create(policy({ ingress: [{ ports: [{ port: 80 }] }] })).thenObject({
      spec: { ingress: [{ ports: [{ port: 80, protocol: 'TCP' }] }] },
    });
  });
  it.each<[JsonObject, string]>([
    [{ ingress: [{ from: [{}] }] }, 'spec.ingress[0].from[0]: Required value: must specify a peer'],
    [
      { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }] }] },
      'spec.egress[0].to[0].ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
    ],
    [
      { ingress: [{ ports: [{ endPort: 90 }] }] },
      'spec.ingress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is not specified',
    ],
  ])('%j is refused', (spec, problem) => {
    create(policy(spec)).thenRefused(422, `NetworkPolicy.networking.k8s.io "n" is invalid: ${problem}`);
  });
});

describe('the class of an ingress', () => {
  const classes = (...names: readonly [string, number][]): readonly KubeObject[] =>
    names.map(([name, seconds]) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: {
        name,
        uid: name,
        creationTimestamp: toTime(TEST_NOW + seconds * SECOND),
        annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' },
      },
      spec: { controller: 'example.com/x' },
    }));
  const classOf = (outcome: ReturnType<typeof create>): unknown =>
    (outcome.accepted.object as KubeObject & { spec: JsonObject }).spec['ingressClassName'];

  it('is the newest default, and of two of one second the first by name', () => {
    expect(classOf(create(ingress({ defaultBackend: backend })))).toBeUndefined();
    expect(classOf(create(ingress({ defaultBackend: backend }), classes(['b', 0])))).toBe('b');
    expect(classOf(create(ingress({ defaultBackend: backend }), classes(['b', 0], ['c', 1])))).toBe('c');
    expect(classOf(create(ingress({ defaultBackend: backend }), classes(['b', 1], ['a', 1])))).toBe('a');
  });
  it('is the one that it names, in either way', () => {
    const named = ingress({ defaultBackend: backend, ingressClassName: 'x' });
    expect(classOf(create(named, classes(['b', 0])))).toBe('x');
    const old = ingress({ defaultBackend: backend }, { 'kubernetes.io/ingress.class': 'y' });
    expect(classOf(create(old, classes(['b', 0])))).toBeUndefined();
  });
});

describe('addresses of services', () => {
  const range = (name: string, cidr: string, more: Partial<KubeObject['metadata']> = {}): KubeObject => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name, uid: name, ...more },
    spec: { cidrs: [cidr] },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
  const service = (spec: JsonObject = {}): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'default' },
    spec: { ports: [{ port: 80 }], ...spec },
  });
  const ipOf = (outcome: ReturnType<typeof create>): string =>
    (outcome.accepted.object as KubeObject & { spec: { clusterIP: string } }).spec.clusterIP;
  const held = (ip: string, managed: boolean): KubeObject => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: {
      name: ip,
      uid: ip,
      ...(managed && { labels: { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' } }),
    },
    spec: { parentRef: { resource: 'services', namespace: 'default', name: 'gone' } },
  });

  it('come out of the ranges that there are', () => {
    expect(ipOf(create(service(), [range('a', '10.9.0.0/24')]))).toMatch(/^10\.9\.0\.\d+$/);
    expect(ipOf(create(service({ clusterIP: '10.9.0.7' }), [range('a', '10.9.0.0/24')]))).toBe('10.9.0.7');
  });
  it('come out of no range before it is said to be ready', () => {
    const unsaid = { ...range('a', '10.9.0.0/24'), status: {} };
    create(service({ clusterIP: '10.9.0.7' }), [unsaid]).thenRefused(422);
    expect(ipOf(create(service(), [unsaid, range('b', '10.8.0.0/24')]))).toMatch(/^10\.8\.0\.\d+$/);
  });
  it.each(['10.9.0.05', '::ffff:10.9.0.5', '10.9.0.5'])('are one address in whatever spelling: %s', (clusterIP) => {
    const other = (ip: string): KubeObject => ({
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'other', namespace: 'default', uid: 'other' } },
      spec: { clusterIP: ip, clusterIPs: [ip] },
    });
    for (const held of ['10.9.0.5', '10.9.0.05', '::ffff:10.9.0.5'])
      create(service({ clusterIP }), [range('a', '10.9.0.0/24'), other(held)]).thenRefused(422);
    create(service({ clusterIP }), [range('a', '10.9.0.0/24'), other('10.9.0.6')]).thenObject({ spec: { clusterIP } });
  });
  it('reserved by clients are given in no spelling', () => {
    const reserved = [range('a', '10.9.0.0/24'), held('10.9.0.5', false)];
    create(service({ clusterIP: '10.9.0.05' }), reserved).thenRefused(422);
  });
  it('are reserved by nobody while a service holds them, also before its own IPAddress is there', () => {
    const reserve = (name: string, of: string): JsonObject =>
      networking('IPAddress', { name }, { parentRef: { resource: 'services', namespace: 'default', name: of } });
    const holder: KubeObject = {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'holder', namespace: 'default', uid: 'holder' } },
      spec: { clusterIP: '10.9.0.05', clusterIPs: ['10.9.0.05'] },
    };
    create(reserve('10.9.0.5', 'mine'), [holder]).thenRefused(
      409,
      'ipaddresses.networking.k8s.io "10.9.0.5" already exists',
    );
    create(reserve('10.9.0.5', 'holder'), [holder]).thenEvent('Created');
    create(reserve('10.9.0.6', 'mine'), [holder]).thenEvent('Created');
  });
  it('come out of no range that goes', () => {
    const going = range('a', '10.9.0.0/24', { deletionTimestamp: toTime(TEST_NOW), finalizers: ['x/y'] });
    expect(ipOf(create(service(), [going, range('b', '10.8.0.0/24')]))).toMatch(/^10\.8\.0\.\d+$/);
    create(service({ clusterIP: '10.9.0.7' }), [going]).thenRefused(
      422,
      'Service "s" is invalid: spec.clusterIPs: Invalid value: ["10.9.0.7"]: failed to allocate IP 10.9.0.7: the provided network does not match the current range',
    );
    create(service(), [going]).thenRefused(
      500,
      'Internal error occurred: failed to allocate a serviceIP: range is full',
    );
  });
  it('are not those that clients reserved; one that a service left behind is free', () => {
    const two = range('a', '10.9.0.4/30');
    expect(ipOf(create(service(), [two, held('10.9.0.5', false)]))).toBe('10.9.0.6');
    create(service({ clusterIP: '10.9.0.5' }), [two, held('10.9.0.5', false)]).thenRefused(422);
    expect(ipOf(create(service({ clusterIP: '10.9.0.5' }), [two, held('10.9.0.5', true)]))).toBe('10.9.0.5');
  });
  it.each<[string, string]>([
    ['10.0.0.0/32', '10.0.0.0'],
    ['10.9.0.4/30', '10.9.0.7'],
    ['10.9.0.4/30', '10.9.0.4'],
  ])('of %s do not include %s', (cidr, ip) => {
    create(service({ clusterIP: ip }), [range('a', cidr)]).thenRefused(422);
  });
});
