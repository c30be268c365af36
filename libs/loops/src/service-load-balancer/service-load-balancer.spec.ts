import { describe, expect, test } from '@jest/globals';
import { events, services, type Service } from '#kinds';
import { TestCluster } from '../shared/testing/index.js';
import { addressAt, addressPool, isInPool, type AddressPool } from './pool.js';
import { serviceLoadBalancer } from './index.js';

const POOL = '192.0.2.10-192.0.2.12';

function clusterOf(pool: string | undefined): TestCluster {
  return new TestCluster([serviceLoadBalancer], pool === undefined ? {} : { loadBalancerPool: pool });
}
function put(cluster: TestCluster, name: string, spec: Partial<Service['spec']> = {}, ip?: string): void {
  cluster.put<Service>({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
    status: { loadBalancer: ip === undefined ? {} : { ingress: [{ ip }] } },
  } as unknown as Service);
}
function service(cluster: TestCluster, name: string): Service {
  return cluster.view.get(services, 'default', name) as Service;
}
const addressOf = (cluster: TestCluster, name: string): string | undefined =>
  service(cluster, name).status?.loadBalancer?.ingress?.[0]?.ip;
const said = (cluster: TestCluster): readonly string[] =>
  cluster.view.list(events).map((event) => `${event.reason}: ${event.message}`);

describe('a Service of type LoadBalancer', () => {
  test('gets an address of the pool, each its own', () => {
    const cluster = clusterOf(POOL);
    for (const name of ['a', 'b', 'c']) put(cluster, name);
    cluster.settle();
    const given = ['a', 'b', 'c'].map((name) => addressOf(cluster, name));
    expect([...given].sort()).toEqual(['192.0.2.10', '192.0.2.11', '192.0.2.12']);
    expect(said(cluster)).toContain('EnsuredLoadBalancer: Ensured load balancer');
  });
  test('waits while all are taken, says so, and gets the first that is free', () => {
    const cluster = clusterOf(POOL);
    for (const name of ['a', 'b', 'c', 'd']) put(cluster, name);
    cluster.settle();
    const waiting = ['a', 'b', 'c', 'd'].filter((name) => addressOf(cluster, name) === undefined);
    expect(waiting).toHaveLength(1);
    expect(said(cluster)).toContain(
      'SyncLoadBalancerFailed: Error syncing load balancer: all 3 addresses of SHIPLOG_LOAD_BALANCER_POOL are taken',
    );
    const leaving = ['a', 'b', 'c', 'd'].find((name) => name !== waiting[0]) ?? '';
    const address = addressOf(cluster, leaving);
    cluster.gone(service(cluster, leaving));
    cluster.settle();
    expect(addressOf(cluster, waiting[0] ?? '')).toBe(address);
  });
  test('gives its address back when it is of another type, and gets the same when it comes again', () => {
    const cluster = clusterOf('192.0.2.0/24');
    put(cluster, 'a');
    const before = addressOf(cluster.settle(), 'a');
    // What the kind does when the type changes.
    cluster.edit(services, 'default', 'a', { spec: { type: 'ClusterIP' }, status: { loadBalancer: {} } });
    cluster.settle();
    put(cluster, 'b', { loadBalancerIP: before ?? '' });
    expect(addressOf(cluster.settle(), 'b')).toBe(before);
    cluster.gone(service(cluster, 'b'));
    cluster.gone(service(cluster, 'a'));
    put(cluster, 'a');
    expect(addressOf(cluster.settle(), 'a')).toBe(before);
  });
  test('gets the address that it asks for, later too, unless another one has it or it is not in the pool', () => {
    const cluster = clusterOf(POOL);
    put(cluster, 'a', { loadBalancerIP: '192.0.2.11' });
    put(cluster, 'b', { loadBalancerIP: '192.0.2.11' });
    put(cluster, 'c', { loadBalancerIP: '203.0.113.1' });
    put(cluster, 'd', { loadBalancerIP: '192.0.2.011' });
    cluster.settle();
    expect(['a', 'b', 'c', 'd'].map((name) => addressOf(cluster, name))).toEqual([
      '192.0.2.11',
      undefined,
      undefined,
      undefined,
    ]);
    cluster.gone(service(cluster, 'd'));
    const failed = 'SyncLoadBalancerFailed: Error syncing load balancer:';
    expect(said(cluster)).toEqual(
      expect.arrayContaining([
        `${failed} 192.0.2.11 belongs to another Service`,
        `${failed} 203.0.113.1 is not in SHIPLOG_LOAD_BALANCER_POOL`,
      ]),
    );
    cluster.edit(services, 'default', 'a', { spec: { loadBalancerIP: '192.0.2.10' } });
    cluster.settle();
    expect(['a', 'b'].map((name) => addressOf(cluster, name))).toEqual(['192.0.2.10', '192.0.2.11']);
  });
  test('of another class is left to others, whose addresses are not given twice', () => {
    const cluster = clusterOf('192.0.2.10');
    put(cluster, 'theirs', { loadBalancerClass: 'example.com/balancer' }, '192.0.2.10');
    put(cluster, 'ours', { loadBalancerClass: 'shiplog.io/pool' });
    cluster.settle();
    expect(addressOf(cluster, 'ours')).toBeUndefined();
    expect(addressOf(cluster, 'theirs')).toBe('192.0.2.10');
    cluster.gone(service(cluster, 'theirs'));
    expect(addressOf(cluster.settle(), 'ours')).toBe('192.0.2.10');
  });
  test('is left to others where there is no pool', () => {
    const cluster = clusterOf(undefined);
    put(cluster, 'a');
    put(cluster, 'b', {}, '203.0.113.1');
    cluster.settle();
    expect(['a', 'b'].map((name) => addressOf(cluster, name))).toEqual([undefined, '203.0.113.1']);
    expect(said(cluster)).toEqual([]);
  });
  test('moves into another pool after a start with that', () => {
    const before = clusterOf(POOL);
    put(before, 'a');
    const after = clusterOf('203.0.113.0/28');
    after.view.put(service(before.settle(), 'a'));
    for (const key of serviceLoadBalancer.keysAtStart(after.view))
      after.carryOut(after.decide(serviceLoadBalancer, key));
    expect(addressOf(after.settle(), 'a')).toMatch(/^203\.0\.113\.\d+$/);
  });
});

describe('a pool', () => {
  test.each([
    ['192.0.2.7', 1, '192.0.2.7'],
    ['192.0.2.255-192.0.3.1', 3, '192.0.2.255 192.0.3.0 192.0.3.1'],
    ['192.0.2.66/30', 4, '192.0.2.64 192.0.2.65 192.0.2.66 192.0.2.67'],
    ['192.0.2.9, 192.0.2.7-192.0.2.9,192.0.2.1', 4, '192.0.2.1 192.0.2.7 192.0.2.8 192.0.2.9'],
  ])('is read from %s', (text, size, addresses) => {
    const pool = addressPool(text) as AddressPool;
    expect(pool.size).toBe(size);
    expect(Array.from({ length: size }, (_, i) => addressAt(pool, i)).join(' ')).toBe(addresses);
    expect(isInPool(pool, addressAt(pool, size - 1))).toBe(true);
    expect(isInPool(pool, '192.0.2.200')).toBe(false);
  });
  test.each([
    '',
    '192.0.2.300',
    '192.0.2.9-192.0.2.7',
    '192.0.2.1-192.0.2.2-192.0.2.3',
    'fd00::/120',
    '10.0.0.0/8',
    'x',
  ])('is not read from "%s"', (text) => expect(typeof addressPool(text)).toBe('string'));
});
