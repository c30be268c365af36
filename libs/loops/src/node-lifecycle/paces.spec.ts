import { describe, expect, test } from '@jest/globals';
import { nodes, type Node } from '#kinds';
import type { OutsideFacts } from '#model';
import { NOW, TestCluster } from '../shared/testing/index.js';
import { conditionsOf } from './taints.js';
import { nodeLifecycle } from './index.js';

/** Three nodes that were heard at {@link NOW}, and beat so often; those of `kept` go on. */
function silentAfter(beatMs: OutsideFacts['beatMs'], kept: readonly string[]): TestCluster {
  const heard: Record<string, number> = { a: NOW, b: NOW, c: NOW };
  const cluster: TestCluster = new TestCluster([nodeLifecycle], {
    heartbeats: (name: string) => (kept.includes(name) ? cluster.now : heard[name]),
    observingSince: NOW,
    beatMs,
  });
  const status = { conditions: [{ type: 'Ready', status: 'True' }] };
  for (const name of Object.keys(heard))
    cluster.put<Node>({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {}, status });
  return cluster.settle();
}
const readiness = (cluster: TestCluster, name: string): string | undefined => {
  const node = cluster.view.get(nodes, undefined, name);
  return node && conditionsOf(node).find(({ type }) => type === 'Ready')?.status;
};
const taints = (cluster: TestCluster, name: string): readonly string[] =>
  (cluster.view.get(nodes, undefined, name)?.spec.taints ?? []).map(({ effect }) => effect);

describe('a node that falls silent', () => {
  test('is lost within five seconds when its agent beats every 800 ms', () => {
    const cluster = silentAfter({ a: 800, b: 800, c: 800 }, ['b', 'c']);
    expect(readiness(cluster.pass(3900), 'a')).toBe('True');
    expect(readiness(cluster.pass(1000), 'a')).toBe('Unknown');
    expect(taints(cluster, 'a')).toEqual(['NoSchedule', 'NoExecute']);
    expect(readiness(cluster, 'b')).toBe('True');
  });
  test('is given fifty seconds when nobody said how often it beats, as one with a kubelet', () => {
    const cluster = silentAfter({}, ['b', 'c']);
    expect(readiness(cluster.pass(49_000), 'a')).toBe('True');
    expect(readiness(cluster.pass(2000), 'a')).toBe('Unknown');
  });
  test('gets no more and no less time by saying what no agent says', () => {
    const cluster = silentAfter({ a: 1, b: 1e12, c: 800 }, ['c']);
    expect(readiness(cluster.pass(2000), 'a')).toBe('True');
    expect(readiness(cluster.pass(1000), 'a')).toBe('Unknown');
    expect(readiness(cluster.pass(45_000), 'b')).toBe('True');
    expect(readiness(cluster.pass(3000), 'b')).toBe('Unknown');
  });
  test('drives nobody away when most of them do', () => {
    const cluster = silentAfter({ a: 800, b: 800, c: 800 }, ['c']).pass(20_000);
    expect(['a', 'b'].map((name) => readiness(cluster, name))).toEqual(['Unknown', 'Unknown']);
    expect(['a', 'b'].flatMap((name) => taints(cluster, name))).not.toContain('NoExecute');
  });
});
