import { Projection } from '#engine';
import { describe, expect, it } from '@jest/globals';
import { assignmentDigest, streamOf, type Change, type KubeObject } from '#model';
import { Assignments, type NewsForNodes } from './assignments.js';

const KINDS: Readonly<Record<string, string>> = {
  Pod: 'core.pods',
  Namespace: 'core.namespaces',
  NetworkPolicy: 'networking.k8s.io.networkpolicies',
};
const pod = (name: string, node: string, app: string, ip?: string): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name, labels: { app } },
    spec: { nodeName: node, containers: [] },
    status: { phase: 'Running', ...(ip && { podIPs: [{ ip }] }) },
  }) as unknown as KubeObject;
const policy = (app: string, peer: string): KubeObject =>
  ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'p', namespace: 'default', uid: 'p' },
    spec: {
      podSelector: { matchLabels: { app } },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: { matchLabels: { app: peer } } }] }],
    },
  }) as unknown as KubeObject;
const POLICY = 'networking.k8s.io.networkpolicies/default/p';

class World {
  readonly view = new Projection((state, event) => state ?? { ...event, object: undefined });
  private position = 0;

  put(object: KubeObject): Change {
    const stream = streamOf(KINDS[object.kind] ?? '', object.metadata.namespace, object.metadata.name);
    const position = ++this.position;
    return this.view.put(stream, { revision: position, position, object }, position);
  }
  remove(object: KubeObject): Change {
    const stream = streamOf(KINDS[object.kind] ?? '', object.metadata.namespace, object.metadata.name);
    const position = ++this.position;
    return this.view.put(stream, { revision: position, position, object: undefined }, position);
  }
}
const own = ({ own: told }: NewsForNodes): unknown =>
  [...told]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([node, objects]) => [node, objects.map(({ stream, object }) => `${object ? '+' : '-'}${stream}`)]);
const members = ({ shared }: Pick<NewsForNodes, 'shared'>): unknown =>
  shared.map(({ object }) => (object as { readonly members?: unknown } | null)?.members ?? null);

describe('NetworkPolicies', () => {
  it('go to the nodes of the pods that they select, before those, and to no other', () => {
    const world = new World();
    world.put(policy('web', 'client'));
    const assignments = new Assignments(world.view, () => undefined);
    expect(own(assignments.take([world.put(pod('web', 'n1', 'web'))]))).toEqual([
      ['n1', [`+${POLICY}`, '+core.pods/default/web']],
    ]);
    expect(own(assignments.take([world.put(pod('other', 'n2', 'other'))]))).toEqual([
      ['n2', ['+core.pods/default/other']],
    ]);
    const streams = (node: string): readonly string[] => assignments.of(node).objects.map(({ stream }) => stream);
    expect([streams('n1').includes(POLICY), streams('n2').includes(POLICY)]).toEqual([true, false]);
    // Now they select another one, and then none.
    expect(own(assignments.take([world.put(policy('other', 'client'))]))).toEqual([
      ['n1', [`-${POLICY}`]],
      ['n2', [`+${POLICY}`]],
    ]);
    expect(own(assignments.take([world.put(policy('other', 'web'))]))).toEqual([['n2', [`+${POLICY}`]]]);
    expect(own(assignments.take([world.remove(policy('other', 'web'))]))).toEqual([['n2', [`-${POLICY}`]]]);
    expect(own(assignments.take([world.put(pod('other', 'n2', 'web'))]))).toEqual([
      ['n2', ['+core.pods/default/other']],
    ]);
  });
  it('are taken from a node whose pod they select no longer', () => {
    const world = new World();
    world.put(policy('web', 'client'));
    world.put(pod('web', 'n1', 'web'));
    const assignments = new Assignments(world.view, () => undefined);
    expect(own(assignments.take([world.put(pod('web', 'n1', 'other'))]))).toEqual([
      ['n1', [`-${POLICY}`, '+core.pods/default/web']],
    ]);
    expect(own(assignments.take([world.put(pod('web', 'n1', 'web'))]))).toEqual([
      ['n1', [`+${POLICY}`, '+core.pods/default/web']],
    ]);
    expect(own(assignments.take([world.remove(pod('web', 'n1', 'web'))]))).toEqual([
      ['n1', ['-core.pods/default/web', `-${POLICY}`]],
    ]);
  });
  it('have peers, of which all nodes are told the addresses once, and nothing else', () => {
    const world = new World();
    world.put(policy('web', 'client'));
    world.put(pod('client-1', 'n3', 'client', '10.244.3.2'));
    const assignments = new Assignments(world.view, () => undefined);
    const [slice, ...others] = assignments.of('n9').objects;
    expect(others).toEqual([]);
    expect(slice?.object).toEqual({
      apiVersion: 'v1',
      kind: 'PolicyPeers',
      metadata: { name: '_', namespace: slice?.uid, uid: slice?.uid },
      members: ['10.244.3.2'],
    });
    const news = assignments.take([world.put(pod('client-2', 'n4', 'client', '10.244.4.2'))]);
    expect(members(news)).toEqual([['10.244.3.2', '10.244.4.2']]);
    expect(news.shared[0]?.position).toBeGreaterThan(slice?.position ?? 0);
    // A report that changes nothing of this is told to the pod's own node alone.
    expect(members(assignments.take([world.put(pod('client-2', 'n4', 'client', '10.244.4.2'))]))).toEqual([]);
    expect(members(assignments.take([world.remove(policy('web', 'client'))]))).toEqual([null]);
    expect(assignments.of('n9').objects).toEqual([]);
  });
  it('are the same after a restart of the control plane, for agents that hold them', () => {
    const world = new World();
    world.put(policy('web', 'client'));
    const before = new Assignments(world.view, () => undefined);
    before.take([world.put(pod('client-1', 'n3', 'client', '10.244.3.2'))]);
    before.take([world.put(pod('web', 'n1', 'web'))]);
    const digest = (assignments: Assignments): string => assignmentDigest(assignments.of('n1').objects);
    const held = digest(before);
    world.put(pod('late', 'n5', 'other', '10.244.5.2'));
    expect(digest(new Assignments(world.view, () => undefined))).toBe(held);
  });
  it('cost the tests that a change asks for: a policy each pod of its namespace, a pod the policies that may select it', () => {
    const world = new World();
    const looked = { at: 0 };
    const counted = (object: KubeObject): KubeObject => {
      const metadata = { ...object.metadata };
      Object.defineProperty(metadata, 'labels', { enumerable: true, get: () => (looked.at++, object.metadata.labels) });
      return { ...object, metadata };
    };
    const named = (name: string, app: string): KubeObject => {
      const made = policy(app, 'client');
      return { ...made, metadata: { ...made.metadata, name, uid: name } };
    };
    for (let i = 0; i < 100; i++) world.put(counted(pod(`p${i}`, `n${i % 4}`, `app-${i}`)));
    for (let i = 0; i < 50; i++) world.put(named(`own-${i}`, `app-${i}`));
    const assignments = new Assignments(world.view, () => undefined);
    // Once for the policies that select it, once for the groups of peers; not once for each policy.
    expect(looked.at).toBeLessThan(1_000);
    looked.at = 0;
    for (let i = 50; i < 60; i++)
      expect(own(assignments.take([world.put(named(`own-${i}`, `app-${i}`))]))).toEqual([
        [`n${i % 4}`, [`+networking.k8s.io.networkpolicies/default/own-${i}`]],
      ]);
    expect(looked.at).toBeLessThan(1_000);
    const every = assignments.take([world.put({ ...named('all', ''), spec: { podSelector: {} } } as never)]);
    expect(every.own.size).toBe(4);
  });
  it('are found by what their selectors require, and by nothing at all', () => {
    const world = new World();
    const selectors = {
      everything: {},
      label: { matchLabels: { app: 'a', tier: 'x' } },
      in: { matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] },
      exists: { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
      not: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['a'] }] },
      absent: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] },
    };
    for (const [name, podSelector] of Object.entries(selectors)) {
      const made = policy('', '');
      world.put({ ...made, metadata: { ...made.metadata, name, uid: name }, spec: { podSelector } } as never);
    }
    const assignments = new Assignments(world.view, () => undefined);
    const needed = (labels: Readonly<Record<string, string>>): readonly string[] => {
      const one = pod('one', 'n1', '');
      assignments.take([world.put({ ...one, metadata: { ...one.metadata, labels } })]);
      const streams = assignments.of('n1').objects.map(({ stream }) => stream.split('/').at(-1) ?? '');
      return streams.filter((name) => name in selectors);
    };
    expect(needed({ app: 'a' })).toEqual(['everything', 'exists', 'in']);
    expect(needed({ app: 'a', tier: 'x' })).toEqual(['everything', 'exists', 'in', 'label']);
    expect(needed({ app: 'b' })).toEqual(['everything', 'exists', 'in', 'not']);
    expect(needed({ app: 'c' })).toEqual(['everything', 'exists', 'not']);
    expect(needed({})).toEqual(['absent', 'everything', 'not']);
  });
});
