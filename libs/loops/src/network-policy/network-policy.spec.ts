import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Namespace, NetworkPolicy } from '#kinds';
import type { Pod } from '#pod';
import { PeerGroups } from './index.js';
import { Enforced, isAllowed, type Cluster, type Packet } from './test-cluster.js';

const NODES = ['n1', 'n2'];
const OUTSIDE = ['192.0.2.1', '192.0.2.129'];
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;

const namespaceOf = (name: string, labels: Readonly<Record<string, string>> = {}): Namespace =>
  ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }) as unknown as Namespace;
interface GivenPod {
  readonly labels?: Readonly<Record<string, string>>;
  readonly node?: string;
  readonly address?: string | undefined;
  readonly ports?: readonly unknown[];
  readonly hostNetwork?: boolean;
  readonly phase?: string;
}
function podOf(key: string, given: GivenPod = {}): Pod {
  const [namespace, name] = key.split('/');
  const { labels = {}, node = 'n1', address, ports = [], hostNetwork = false, phase = 'Running' } = given;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid: key, labels },
    spec: { nodeName: node, hostNetwork, containers: [{ name: 'c', ports }] },
    status: { phase, podIPs: address === undefined ? [] : [{ ip: address }] },
  } as unknown as Pod;
}
function policyOf(key: string, spec: Record<string, unknown>): NetworkPolicy {
  const [namespace, name] = key.split('/');
  const policyTypes = ['Ingress', ...(spec['egress'] ? ['Egress'] : [])];
  return { metadata: { name, namespace }, spec: { podSelector: {}, policyTypes, ...spec } } as unknown as NetworkPolicy;
}
function clusterOf(
  pods: Readonly<Record<string, GivenPod>>,
  policies: Readonly<Record<string, Record<string, unknown>>>,
  namespaces: Readonly<Record<string, Readonly<Record<string, string>>>> = { a: {}, b: {} },
): Cluster {
  const map = <T, R>(all: Readonly<Record<string, T>>, make: (key: string, one: T) => R): Map<string, R> =>
    new Map(Object.entries(all).map(([key, one]) => [key, make(key, one)]));
  return { namespaces: map(namespaces, namespaceOf), pods: map(pods, podOf), policies: map(policies, policyOf) };
}
const PAIR = {
  'a/web': { address: '10.0.0.1', labels: { app: 'web' }, ports: [{ name: 'http', containerPort: 8080 }] },
  'a/client': { address: '10.0.0.2', node: 'n2', labels: { app: 'client' } },
  'b/client': { address: '10.0.0.3', labels: { app: 'client' } },
};
const [WEB, NEAR, FAR] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'] as const;
/** From whom the web server is reached, in a cluster with these policies. */
function reachedFrom(
  spec: Record<string, unknown>,
  port = 8080,
  protocol: Packet['protocol'] = 'TCP',
): readonly string[] {
  const cluster = clusterOf(PAIR, { 'a/policy': spec }, { a: {}, b: { team: 'x' } });
  const enforced = new Enforced(cluster, NODES);
  return [NEAR, FAR, ...OUTSIDE].filter((from) => enforced.passes({ from, to: WEB, protocol, port }));
}

describe('pods that policies isolate', () => {
  test('are reached by nobody but themselves where a policy has no rules, and reach everybody', () => {
    const enforced = new Enforced(clusterOf(PAIR, { 'a/none': { podSelector: {} } }), NODES);
    const passes = (from: string, to: string): boolean => enforced.passes({ from, to, protocol: 'TCP', port: 80 });
    expect([passes(FAR, WEB), passes(NEAR, WEB), passes(WEB, WEB), passes(WEB, FAR)]).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
  test('are reached by the pods that a selector names: of the own namespace, of others, of all', () => {
    expect(reachedFrom({ ingress: [{ from: [{ podSelector: {} }] }] })).toEqual([NEAR]);
    expect(reachedFrom({ ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'x' } } }] }] })).toEqual([
      FAR,
    ]);
    expect(reachedFrom({ ingress: [{ from: [{ namespaceSelector: {} }] }] })).toEqual([NEAR, FAR]);
    const both = { namespaceSelector: {}, podSelector: { matchLabels: { app: 'web' } } };
    expect(reachedFrom({ ingress: [{ from: [both] }] })).toEqual([]);
    expect(reachedFrom({ ingress: [{}] })).toEqual([NEAR, FAR, ...OUTSIDE]);
  });
  test('are reached from blocks of addresses without their exceptions', () => {
    const ipBlock = { cidr: '192.0.2.0/24', except: ['192.0.2.128/25'] };
    expect(reachedFrom({ ingress: [{ from: [{ ipBlock }] }] })).toEqual(['192.0.2.1']);
  });
  test('are reached at ports by number, by name, within a range, of one protocol', () => {
    const at = (ports: readonly unknown[], port?: number, protocol?: Packet['protocol']): number =>
      reachedFrom({ ingress: [{ ports }] }, port, protocol).length;
    expect([at([{ port: 8080 }]), at([{ port: 80 }]), at([{ port: 'http' }]), at([{ port: 'http' }], 80)]).toEqual([
      4, 0, 4, 0,
    ]);
    expect([at([{ port: 8000, endPort: 8080 }]), at([{ port: 8000, endPort: 8079 }])]).toEqual([4, 0]);
    expect([at([{ protocol: 'UDP' }]), at([{ protocol: 'UDP' }], 8080, 'UDP'), at([{ port: 'other' }])]).toEqual([
      0, 4, 0,
    ]);
  });
  test('reach named ports of whoever has one of that name', () => {
    const cluster = clusterOf(PAIR, { 'b/out': { policyTypes: ['Egress'], egress: [{ ports: [{ port: 'http' }] }] } });
    const enforced = new Enforced(cluster, NODES);
    const passes = (to: string, port: number): boolean => enforced.passes({ from: FAR, to, protocol: 'TCP', port });
    expect([passes(WEB, 8080), passes(WEB, 80), passes(NEAR, 8080)]).toEqual([true, false, false]);
  });
  test('are isolated in the directions that policyTypes names, or that rules imply', () => {
    const isolated = (spec: Record<string, unknown>): readonly boolean[] => {
      const enforced = new Enforced(clusterOf(PAIR, { 'a/policy': spec }), NODES);
      const passes = (from: string, to: string): boolean => enforced.passes({ from, to, protocol: 'TCP', port: 80 });
      return [!passes(FAR, WEB), !passes(WEB, FAR)];
    };
    expect(isolated({ policyTypes: undefined })).toEqual([true, false]);
    expect(isolated({ policyTypes: undefined, egress: [{ to: [{ podSelector: {} }] }] })).toEqual([true, true]);
    expect(isolated({ policyTypes: ['Egress'] })).toEqual([false, true]);
    expect(isolated({ policyTypes: ['Ingress', 'Egress'] })).toEqual([true, true]);
  });
});

const labels = fc.record({ app: fc.constantFrom('p', 'q') }, { requiredKeys: [] });
const selector = fc.oneof(
  fc.constant({}),
  fc.record({ matchLabels: labels }),
  fc.record({
    matchExpressions: fc
      .constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist')
      .map((operator) => [{ key: 'app', operator, ...(operator.endsWith('In') && { values: ['p'] }) }]),
  }),
);
const block = fc.constantFrom(
  { cidr: '0.0.0.0/0' },
  { cidr: '10.0.0.0/29', except: ['10.0.0.4/30', '10.0.0.1/32'] },
  { cidr: '192.0.2.0/24', except: ['192.0.2.128/25'] },
);
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ namespaceSelector: selector, podSelector: selector }),
  fc.record({ ipBlock: block }),
);
const port = fc.oneof(
  fc.record({ protocol: fc.constantFrom(...PROTOCOLS) }),
  fc.record(
    { port: fc.constantFrom(80, 81, 'http', 'dns'), protocol: fc.constantFrom(...PROTOCOLS) },
    { requiredKeys: ['port'] },
  ),
  fc.constant({ port: 79, endPort: 80 }),
);
const peers = fc.array(peer, { maxLength: 2 });
const ports = fc.array(port, { maxLength: 2 });
const policySpec = fc.record(
  {
    podSelector: selector,
    policyTypes: fc.constantFrom(['Ingress'], ['Egress'], ['Ingress', 'Egress']),
    ingress: fc.array(fc.record({ from: peers, ports }, { requiredKeys: [] }), { maxLength: 2 }),
    egress: fc.array(fc.record({ to: peers, ports }, { requiredKeys: [] }), { maxLength: 2 }),
  },
  { requiredKeys: ['podSelector', 'policyTypes'] },
);
const givenPod = fc.record({
  labels,
  node: fc.constantFrom(...NODES),
  isUp: fc.boolean(),
  hostNetwork: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  phase: fc.constantFrom('Running', 'Running', 'Pending', 'Failed'),
  ports: fc.constantFrom(
    [],
    [
      { name: 'http', containerPort: 80 },
      { name: 'dns', containerPort: 81, protocol: 'UDP' },
    ],
  ),
});
const KEYS = ['a/1', 'a/2', 'a/3', 'b/4', 'b/5', 'c/6'];
type Step = (cluster: Cluster, enforced: Enforced) => void;
const podStep = fc
  .tuple(fc.constantFrom(...KEYS), fc.option(givenPod))
  .map(([key, given]): Step => (cluster, enforced) => {
    const address = given?.isUp ? `10.0.0.${key.split('/')[1]}` : undefined;
    if (given) cluster.pods.set(key, podOf(key, { ...given, address }));
    else cluster.pods.delete(key);
    enforced.pod(key);
  });
const namespaceStep = fc
  .tuple(fc.constantFrom('a', 'b', 'c'), fc.option(labels))
  .map(([name, given]): Step => (cluster, enforced) => {
    if (given) cluster.namespaces.set(name, namespaceOf(name, given));
    else cluster.namespaces.delete(name);
    enforced.namespace(name);
  });
const policyStep = fc
  .tuple(fc.constantFrom('a/x', 'a/y', 'b/x', 'c/x'), fc.option(policySpec))
  .map(([key, spec]): Step => (cluster, enforced) => {
    if (spec) cluster.policies.set(key, policyOf(key, spec));
    else cluster.policies.delete(key);
    enforced.policy(key);
  });
const look: Step = (_, enforced) => enforced.look();
const steps = fc.array(
  fc.oneof({ weight: 3, arbitrary: podStep }, namespaceStep, { weight: 2, arbitrary: policyStep }, fc.constant(look)),
  { minLength: 5, maxLength: 40 },
);

describe('whatever happens', () => {
  test('nodes let through what Kubernetes lets through, and have what they would have if they had begun now', () => {
    const addresses = [...KEYS.map((key) => `10.0.0.${key.split('/')[1]}`), ...OUTSIDE];
    const packets = addresses.flatMap((from) =>
      addresses.flatMap((to) =>
        PROTOCOLS.flatMap((protocol) => [79, 80, 81].map((port) => ({ from, to, protocol, port }))),
      ),
    );
    let dropped = 0;
    fc.assert(
      fc.property(steps, (all) => {
        const cluster = clusterOf({}, {}, { a: { app: 'p' }, b: {}, c: { app: 'q' } });
        const enforced = new Enforced(cluster, NODES);
        for (const step of all) step(cluster, enforced);
        enforced.look();
        for (const packet of packets) {
          const isWanted = isAllowed(cluster, packet);
          if (!isWanted) dropped++;
          if (enforced.passes(packet) !== isWanted)
            throw new Error(`${JSON.stringify(packet)} should ${isWanted ? '' : 'not '}pass`);
        }
        expect(enforced.state()).toEqual(new Enforced(cluster, NODES).state());
      }),
      { numRuns: 100 },
    );
    expect(dropped).toBeGreaterThan(1000);
  });
});

describe('the cost of a change', () => {
  const NODE_COUNT = 5000;
  const PODS_EACH = 30;
  test('in a cluster of 5,000 nodes, whose 150,000 pods may talk to each other, is one slice of as many members as a node has', () => {
    const pods: Pod[] = [];
    for (let node = 0; node < NODE_COUNT; node++)
      for (let i = 1; i <= PODS_EACH; i++)
        pods.push(podOf(`a/${node}-${i}`, { node: `n${node}`, address: `10.${node >> 8}.${node & 255}.${i}` }));
    const groups = new PeerGroups({ namespaces: () => [namespaceOf('a')], pods: () => pods });
    groups.putPolicy('a', 'own', policyOf('a/own', { ingress: [{ from: [{ podSelector: {} }] }] }));
    const slices = groups.changes();
    expect(slices).toHaveLength(NODE_COUNT);
    expect(slices.flatMap(({ members }) => members ?? [])).toHaveLength(NODE_COUNT * PODS_EACH);
    groups.putPod('a', '7-1', undefined);
    const [change, ...others] = groups.changes();
    expect(others).toEqual([]);
    expect(change).toMatchObject({ slice: 'n7' });
    expect(change?.members).toHaveLength(PODS_EACH - 1);
    // A second policy with the same selector costs nothing, and a pod that only reports costs nobody anything.
    groups.putPolicy(
      'a',
      'same',
      policyOf('a/same', { ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 1 }] }] }),
    );
    for (const pod of pods.slice(0, 100)) groups.putPod('a', pod.metadata.name, { ...pod });
    expect(groups.changes()).toEqual([]);
  });
  test('of a small group is the whole of it, and growing makes slices of it', () => {
    const pods = Array.from({ length: 201 }, (_, i) => podOf(`a/${i}`, { node: `n${i % 3}`, address: `10.0.1.${i}` }));
    const shown = new Map<string, readonly string[]>();
    const groups = new PeerGroups({ namespaces: () => [], pods: () => pods.slice(0, 200) });
    const look = (): number => {
      const changes = groups.changes();
      for (const { slice, members } of changes) {
        if (members) shown.set(slice, members);
        else expect(shown.delete(slice)).toBe(true);
      }
      return changes.length;
    };
    groups.putPolicy('a', 'own', policyOf('a/own', { ingress: [{ from: [{ podSelector: {} }] }] }));
    expect([look(), shown.get('_')?.length]).toEqual([1, 200]);
    groups.putPod('a', '200', pods[200]);
    expect([look(), [...shown.keys()].sort()]).toEqual([4, ['n0', 'n1', 'n2']]);
    groups.putPod('a', '200', undefined);
    expect([look(), [...shown.keys()]]).toEqual([4, ['_']]);
    groups.putPolicy('a', 'own', undefined);
    expect([look(), shown.size]).toEqual([1, 0]);
  });
  test('tells which slices are gone of a group that was made again between two looks', () => {
    let pods = Array.from({ length: 300 }, (_, i) =>
      podOf(`a/${i}`, { node: `n${i % 3}`, address: `10.0.${i % 3}.${i}` }),
    );
    const groups = new PeerGroups({ namespaces: () => [], pods: () => pods });
    const policy = policyOf('a/own', { ingress: [{ from: [{ podSelector: {} }] }] });
    groups.putPolicy('a', 'own', policy);
    const shown = new Set(groups.changes().map(({ slice }) => slice));
    expect([...shown].sort()).toEqual(['n0', 'n1', 'n2']);
    groups.putPolicy('a', 'own', undefined);
    for (const { metadata } of pods.filter(({ spec }) => spec.nodeName === 'n2'))
      groups.putPod('a', metadata.name, undefined);
    pods = pods.filter(({ spec }) => spec.nodeName !== 'n2');
    const late = podOf('a/late', { node: 'n0', address: '10.0.9.1' });
    pods.push(late);
    groups.putPod('a', 'late', late);
    groups.putPolicy('a', 'own', policy);
    const told = groups.changes().map(({ slice, members }) => [slice, members?.length]);
    expect(told.sort()).toEqual([
      ['n0', 101],
      ['n2', undefined],
    ]);
  });
});

describe('the peers of one namespace', () => {
  const many = (count: number, from = 0): Record<string, unknown> => ({
    ingress: [
      {
        from: Array.from({ length: count }, (_, i) => ({
          namespaceSelector: {},
          podSelector: { matchExpressions: [{ key: 'x', operator: 'NotIn', values: [String(from + i)] }] },
        })),
      },
    ],
  });
  const world = (): { groups: PeerGroups; pods: Pod[]; held: () => number } => {
    const pods = Array.from({ length: 100 }, (_, i) => podOf(`b/${i}`, { node: `n${i % 3}`, address: `10.0.1.${i}` }));
    const groups = new PeerGroups({ namespaces: () => [namespaceOf('b')], pods: () => pods }, 1_000);
    const shown = new Map<string, number>();
    return {
      ...{ groups, pods },
      held: () => {
        for (const { group, slice, members } of groups.changes())
          if (members) shown.set(`${group}/${slice}`, members.length);
          else expect(shown.delete(`${group}/${slice}`)).toBe(true);
        return [...shown.values()].reduce((sum, one) => sum + one, 0);
      },
    };
  };
  test('have a limit over all its policies, beyond which groups are empty, the youngest policies first; less of them heals it', () => {
    const { groups, held } = world();
    groups.putPolicy('a', 'many', policyOf('a/many', many(50)));
    expect(held()).toBe(600);
    expect(groups.overfull()).toEqual([{ namespace: 'a', name: 'many', policies: 1 }]);
    expect(groups.overfull()).toEqual([]);
    // Another namespace has a limit of its own, and the same selector for nothing.
    groups.putPolicy('b', 'other', policyOf('b/other', many(2, 49)));
    expect(held()).toBe(800);
    expect(groups.overfull()).toEqual([]);
    groups.putPolicy('b', 'other', undefined);
    groups.putPolicy('a', 'z', policyOf('a/z', many(1, 70)));
    expect(held()).toBe(600);
    groups.putPolicy('a', 'many', policyOf('a/many', many(3)));
    expect(held()).toBe(400);
    expect(groups.overfull()).toEqual([]);
    groups.putPolicy('a', 'many', undefined);
    groups.putPolicy('a', 'z', undefined);
    expect(held()).toBe(0);
  });
  test('that grow beyond it lose the last of their groups, and get them back when there are fewer', () => {
    const { groups, pods, held } = world();
    groups.putPolicy('a', 'many', policyOf('a/many', many(6)));
    expect(held()).toBe(600);
    expect(groups.overfull()).toEqual([]);
    for (let i = 100; i < 130; i++) {
      pods.push(podOf(`b/${i}`, { node: 'n1', address: `10.0.2.${i}` }));
      groups.putPod('b', String(i), pods[i]);
    }
    expect(held()).toBe(650);
    expect(groups.overfull()).toEqual([{ namespace: 'a', name: 'many', policies: 1 }]);
    for (const { metadata } of pods.splice(60)) groups.putPod('b', metadata.name, undefined);
    expect(held()).toBe(360);
  });
});
