import { describe, expect, it } from '@jest/globals';
import type { Decision, KubeObject } from '#model';
import { TestView } from '#model/testing';
import { scheduling } from './index.js';

const NOW = Date.UTC(2026, 0, 1, 12);
const AWAY = { metadata: { deletionTimestamp: '2026-01-01T12:00:00Z' } };

function node(name: string, cpu = '1'): KubeObject {
  const allocatable = { cpu, memory: '8Gi', pods: '110' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `node-${name}`, labels: { n: name } },
    spec: {},
    status: { allocatable },
  };
}
interface Parts {
  readonly on?: string;
  readonly nominated?: string;
  readonly priority?: number;
  readonly cpu?: string;
  readonly spec?: object;
  readonly metadata?: object;
  readonly conditions?: readonly object[];
}
function pod(name: string, parts: Parts = {}): KubeObject {
  const { on, nominated, priority = 0, cpu = '1', spec, metadata, conditions } = parts;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `pod-${name}`, generation: 1, labels: { app: name }, ...metadata },
    spec: {
      priority,
      containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }],
      ...(on && { nodeName: on }),
      ...spec,
    },
    status: { phase: 'Pending', ...(nominated && { nominatedNodeName: nominated }), ...(conditions && { conditions }) },
  };
}
function look(...objects: KubeObject[]): readonly Decision[] {
  const view = new TestView();
  for (const object of objects) view.put(object);
  return scheduling.reconcile(view, 'queue', NOW);
}
function statusOf(decisions: readonly Decision[], name: string) {
  for (const decision of decisions) {
    if (decision.is !== 'submit' || decision.command.name !== name || decision.command.subresource !== 'status')
      continue;
    return (
      decision.command.body as { status: { nominatedNodeName?: string | null; conditions: { message: string }[] } }
    ).status;
  }
  return undefined;
}
/** Names of those that are sent away. */
function victims(decisions: readonly Decision[]): readonly string[] {
  return decisions.flatMap((decision) =>
    decision.is === 'submit'
      ? (decision.then ?? []).filter(({ command }) => command.verb === 'delete').map(({ command }) => command.name)
      : [],
  );
}

describe('a pod of higher priority', () => {
  it('names the node where it makes room, and says only what was in the way', () => {
    const decisions = look(node('a'), pod('low', { on: 'a', priority: 10 }), pod('high', { priority: 1000 }));
    expect(statusOf(decisions, 'high')).toMatchObject({
      nominatedNodeName: 'a',
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available: 1 Insufficient cpu.' }],
    });
    expect(statusOf(decisions, 'low')?.conditions).toMatchObject([
      {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'PreemptionByScheduler',
        message: 'default-scheduler: preempting to accommodate a higher priority pod',
        observedGeneration: 1,
      },
    ]);
    const [first] = decisions;
    expect(first?.is === 'submit' && first.then?.map(({ command }) => command.body)).toMatchObject([
      { preconditions: { uid: 'pod-low' } },
      {
        reason: 'Preempted',
        message: 'Preempted by pod pod-high on node a',
        action: 'Preempting',
        related: { kind: 'Pod', name: 'high', uid: 'pod-high' },
        source: {},
        reportingComponent: 'default-scheduler',
      },
    ]);
  });

  it('sends away the fewest and least important of a node', () => {
    const four = [10, 11, 12, 20].map((priority, i) => pod(`d-${i}`, { on: 'd', priority, cpu: '500m' }));
    expect(victims(look(node('d', '2'), ...four, pod('high', { priority: 1000 })))).toEqual(['d-1', 'd-0']);
  });
  it('chooses the node that loses least: lower priority first, then fewer pods', () => {
    const high = pod('high', { priority: 1000 });
    const lower = look(
      node('a'),
      node('b'),
      pod('x', { on: 'a', priority: 20 }),
      pod('y', { on: 'b', priority: 10 }),
      high,
    );
    expect(victims(lower)).toEqual(['y']);
    const pair = ['e-1', 'e-2'].map((name) => pod(name, { on: 'e', priority: 10, cpu: '500m' }));
    expect(victims(look(node('e'), node('f'), ...pair, pod('f-1', { on: 'f', priority: 10 }), high))).toEqual(['f-1']);
  });
  it('spares those that a budget guards, as long as others will do', () => {
    const budget = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'g', namespace: 'default', uid: 'g' },
      spec: { selector: { matchLabels: { app: 'constructor' } } },
      status: { disruptionsAllowed: 0, disruptedPods: { gone: '2026-01-01T12:00:00Z' } },
    };
    // Its name is one that every object has without being told.
    const guarded = pod('constructor', { on: 'a', priority: 10 });
    const high = pod('high', { priority: 1000 });
    const spared = new TestView();
    for (const object of [node('a'), node('b'), guarded, pod('other', { on: 'b', priority: 20 }), high])
      spared.put(object);
    spared.append('policy.poddisruptionbudgets/default/g', 'Created', { object: budget });
    expect(victims(scheduling.reconcile(spared, 'queue', NOW))).toEqual(['other']);
    const broken = new TestView();
    for (const object of [node('a'), guarded, high]) broken.put(object);
    broken.append('policy.poddisruptionbudgets/default/g', 'Created', { object: budget });
    expect(victims(scheduling.reconcile(broken, 'queue', NOW))).toEqual(['constructor']);
  });

  it('does nothing when it may not, when nobody is lower, or when it would not help', () => {
    const never = look(
      node('a'),
      pod('low', { on: 'a' }),
      pod('p', { priority: 5, spec: { preemptionPolicy: 'Never' } }),
    );
    expect(victims(never)).toEqual([]);
    expect(statusOf(never, 'p')?.conditions[0]?.message).toMatch(
      'preemption: not eligible due to preemptionPolicy=Never.',
    );
    const equal = look(node('a'), pod('low', { on: 'a' }), pod('p'));
    expect(victims(equal)).toEqual([]);
    expect(statusOf(equal, 'p')?.conditions[0]?.message).toMatch('1 No preemption victims found for incoming pod.');
    expect(victims(look(node('a'), pod('low', { on: 'a' }), pod('p', { priority: 5, cpu: '2' })))).toEqual([]);
  });
});

describe('a nominated pod', () => {
  const leaving = pod('low', {
    on: 'a',
    priority: 10,
    ...AWAY,
    conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }],
  });
  const nominated = pod('high', { priority: 1000, nominated: 'a' });

  it('waits for its victim, and its room is no room for a lower one', () => {
    const decisions = look(node('a'), leaving, nominated, pod('thief', { priority: 20, cpu: '300m' }));
    expect(statusOf(decisions, 'high')).toBeUndefined();
    expect(statusOf(decisions, 'thief')?.conditions[0]?.message).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Insufficient cpu.',
    );
    expect(victims(decisions)).toEqual([]);
  });
  it('gets the room when it is free, before a lower one', () => {
    const decisions = look(node('a'), nominated, pod('thief', { priority: 20, cpu: '300m' }));
    expect(decisions).toContainEqual(
      expect.objectContaining({ command: expect.objectContaining({ subresource: 'binding', name: 'high' }) }),
    );
    expect(statusOf(decisions, 'thief')).toBeDefined();
  });
  it('gives way to a higher one, and is nominated no longer once that has the room', () => {
    const mid = pod('mid', { priority: 20, nominated: 'a' });
    const decisions = look(node('a'), mid, pod('high', { priority: 1000 }));
    expect(decisions).toContainEqual(
      expect.objectContaining({ command: expect.objectContaining({ subresource: 'binding', name: 'high' }) }),
    );
    expect(statusOf(decisions, 'mid')).toMatchObject({ nominatedNodeName: null });
  });
});
