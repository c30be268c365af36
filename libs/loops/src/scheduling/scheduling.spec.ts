import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '#model';
import { TestView } from '#model/testing';
import fc from 'fast-check';
import { scheduling } from './index.js';

const NOW = Date.UTC(2026, 0, 1, 12);

function node(name: string, parts: { labels?: object; spec?: object; cpu?: string; pods?: string } = {}): KubeObject {
  const allocatable = { cpu: parts.cpu ?? '4', memory: '8Gi', pods: parts.pods ?? '110' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `node-${name}`, labels: { 'kubernetes.io/hostname': name, ...parts.labels } },
    spec: parts.spec ?? {},
    status: { allocatable, capacity: allocatable },
  };
}
function pod(
  name: string,
  spec: object = {},
  more: { nodeName?: string; labels?: { [key: string]: string }; cpu?: string } = {},
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: `pod-${name}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: more.labels ?? {},
    },
    spec: {
      containers: [{ name: 'c', image: 'i', resources: more.cpu ? { requests: { cpu: more.cpu } } : {} }],
      ...(more.nodeName && { nodeName: more.nodeName }),
      ...spec,
    },
    status: { phase: 'Pending' },
  };
}
/** What the loop decides: `pod → node` for binds, the text for pods that fit nowhere. */
function decided(...objects: KubeObject[]): Record<string, string> {
  const view = new TestView();
  for (const object of objects) view.put(object);
  const out: Record<string, string> = {};
  for (const decision of scheduling.reconcile(view, 'queue', NOW)) {
    if (decision.is !== 'submit') continue;
    const { subresource, name, body } = decision.command;
    if (subresource === 'binding') out[name] = (body as { target: { name: string } }).target.name;
    if (subresource === 'status') {
      out[name] = (body as { status: { conditions: { message: string }[] } }).status.conditions[0]?.message ?? '';
    }
  }
  return out;
}
const NOT_HELPFUL = (n: number): string =>
  `no new claims to deallocate, preemption: 0/${n} nodes are available: ${n} Preemption is not helpful for scheduling.`;

describe('scheduling', () => {
  it('keeps a pod waiting for a claim that is not there', () => {
    const waiting = pod('p', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'none' } }] });
    expect(decided(node('a'), waiting)['p']).toBe(
      '0/1 nodes are available: persistentvolumeclaim "none" not found. not found',
    );
  });
  it('binds to the emptier node, and spreads a batch as if each pod were there already', () => {
    expect(
      decided(node('a'), node('b'), pod('x', {}, { nodeName: 'a', cpu: '2' }), pod('y', {}, { cpu: '1' })),
    ).toEqual({ y: 'b' });
    const both = decided(
      node('a', { cpu: '1' }),
      node('b', { cpu: '1' }),
      pod('x', {}, { cpu: '1' }),
      pod('y', {}, { cpu: '1' }),
    );
    expect(both).toEqual({ x: 'a', y: 'b' });
  });

  it('takes pods of one priority in the order in which the log has their creations, whatever their names are', () => {
    const one = { ports: [{ containerPort: 80, hostPort: 80 }], name: 'c', image: 'i' };
    const first = pod('zebra', { containers: [one] });
    const second = pod('ant', { containers: [one] });
    expect(decided(node('a'), first, second)).toMatchObject({ zebra: 'a', ant: expect.stringMatching(/free ports/) });
    const urgent = pod('yak', { containers: [one], priority: 1 });
    expect(decided(node('a'), first, second, urgent)['yak']).toBe('a');
  });

  it('says that there are no nodes', () => {
    expect(decided(pod('x'))).toEqual({ x: 'no nodes available to schedule pods' });
  });

  it('says why a pod fits nowhere, a count for each reason', () => {
    const nodes = [
      node('a', { spec: { unschedulable: true } }),
      node('b', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }),
      node('c', { cpu: '1' }),
    ];
    expect(decided(...nodes, pod('x', {}, { cpu: '2' }))).toEqual({
      x: `0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. ${NOT_HELPFUL(3)}`,
    });
  });

  it('tells what preemption could help from what it could not', () => {
    const full = [node('a', { cpu: '1' }), pod('x', {}, { nodeName: 'a', cpu: '800m' })];
    expect(decided(...full, pod('y', {}, { cpu: '500m' }))['y']).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    );
    expect(decided(...full, pod('y', { preemptionPolicy: 'Never' }, { cpu: '500m' }))['y']).toMatch(
      /not eligible due to preemptionPolicy=Never\.$/,
    );
  });

  it('narrows to nodes named by matchFields, in words of their own', () => {
    const affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['z'] }] }],
        },
      },
    };
    expect(decided(node('a'), pod('x', { affinity }))).toEqual({
      x: `0/1 nodes are available: 1 node(s) didn't satisfy plugin(s) [NodeAffinity]. ${NOT_HELPFUL(1)}`,
    });
  });

  it('keeps pods apart by anti-affinity and spreads them over zones', () => {
    const labels = { app: 'web' };
    const apart = {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { labelSelector: { matchLabels: labels }, topologyKey: 'kubernetes.io/hostname' },
          ],
        },
      },
    };
    const result = decided(
      node('a'),
      node('b'),
      pod('x', apart, { labels }),
      pod('y', apart, { labels }),
      pod('z', apart, { labels }),
    );
    expect([result['x'], result['y']].sort()).toEqual(['a', 'b']);
    expect(result['z']).toContain("2 node(s) didn't match pod anti-affinity rules");
    const spread = {
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: labels } },
      ],
    };
    const zones = [node('a', { labels: { zone: '1' } }), node('b', { labels: { zone: '2' } }), node('c')];
    const there = pod('w', {}, { labels, nodeName: 'a' });
    expect(decided(...zones, there, pod('x', spread, { labels }))).toEqual({ x: 'b' });
  });

  it('does not say the same again', () => {
    const waiting = pod('x');
    const told = {
      ...waiting,
      status: {
        conditions: [{ type: 'PodScheduled', status: 'False', message: 'no nodes available to schedule pods' }],
      },
    };
    expect(decided(told)).toEqual({});
  });

  it('never gives more than a node has, whatever comes', () => {
    const cpu = fc.integer({ min: 100, max: 1500 });
    fc.assert(
      fc.property(fc.array(cpu, { maxLength: 4 }), fc.array(cpu, { maxLength: 12 }), (rooms, asks) => {
        const nodes = rooms.map((room, i) => node(`n${i}`, { cpu: `${room}m`, pods: '3' }));
        const result = decided(...nodes, ...asks.map((ask, i) => pod(`p${i}`, {}, { cpu: `${ask}m` })));
        rooms.forEach((room, i) => {
          const placed = asks.filter((_, p) => result[`p${p}`] === `n${i}`);
          expect(placed.length).toBeLessThanOrEqual(3);
          expect(placed.reduce((sum, ask) => sum + ask, 0)).toBeLessThanOrEqual(room);
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('a pod that fits nowhere', () => {
  const view = (...objects: KubeObject[]): TestView => {
    const seen = new TestView();
    for (const object of objects) seen.put(object);
    return seen;
  };
  const namespace = (team: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'friends', uid: 'ns', labels: { team } },
  });
  it('is looked at again after a while, whatever was not heard of', () => {
    const wakes = (...objects: KubeObject[]): readonly number[] =>
      scheduling.reconcile(view(...objects), 'queue', NOW).flatMap((one) => (one.is === 'wake' ? [one.at - NOW] : []));
    expect(wakes(node('a', { cpu: '1' }), pod('big', {}, { cpu: '2' }))).toEqual([300_000]);
    expect(wakes(node('a'), pod('small'))).toEqual([]);
    expect(wakes(node('a'))).toEqual([]);
  });
  it('is looked at again when a namespace gets other labels, by which affinity may choose it', () => {
    const change = { kind: 'core.namespaces', position: 2, before: namespace('red'), after: namespace('blue') };
    expect(scheduling.keysOf(change, view())).toEqual(['queue']);
    expect(scheduling.keysOf({ ...change, after: change.before }, view())).toEqual([]);
    expect(scheduling.keysOf({ ...change, before: undefined }, view())).toEqual([]);
  });
});
