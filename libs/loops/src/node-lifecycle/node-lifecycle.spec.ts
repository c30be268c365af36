import { describe, expect, test } from '@jest/globals';
import { events, nodes, type Node } from '#kinds';
import type { OutsideFacts } from '#model';
import { NOW, TestCluster } from '../shared/testing/index.js';
import { nodeLifecycle } from './index.js';

const ready = (status: string): { conditions: { type: string; status: string }[] } => ({
  conditions: [{ type: 'Ready', status }],
});
function clusterOf(...states: readonly string[]): TestCluster {
  const cluster = new TestCluster([nodeLifecycle]);
  states.forEach((state, i) => {
    cluster.put<Node>({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: `n${i + 1}` },
      spec: {},
      status: ready('True'),
    });
    if (state !== 'True') cluster.edit(nodes, undefined, `n${i + 1}`, { status: ready(state) });
  });
  return cluster.settle();
}
const drivesAway = (cluster: TestCluster, name: string): boolean =>
  (cluster.view.get(nodes, undefined, name)?.spec.taints ?? []).some(({ effect }) => effect === 'NoExecute');

describe('a node that is not ready', () => {
  test('drives its pods away', () => {
    expect(drivesAway(clusterOf('False', 'True', 'True'), 'n1')).toBe(true);
    expect(drivesAway(clusterOf('Unknown', 'True'), 'n1')).toBe(true);
  });
  test('does not while most nodes are so, and does as soon as that is over', () => {
    const cluster = clusterOf('True', 'True', 'True');
    cluster.edit(nodes, undefined, 'n1', { status: ready('False') });
    cluster.edit(nodes, undefined, 'n2', { status: ready('False') });
    cluster.settle();
    expect(drivesAway(cluster, 'n1') || drivesAway(cluster, 'n2')).toBe(false);
    cluster.edit(nodes, undefined, 'n2', { status: ready('True') });
    expect(drivesAway(cluster.settle(), 'n1')).toBe(true);
  });
  test('does as well when others were added or taken away', () => {
    const cluster = clusterOf('True', 'True');
    cluster.edit(nodes, undefined, 'n1', { status: ready('False') });
    cluster.edit(nodes, undefined, 'n2', { status: ready('False') });
    cluster.settle();
    cluster.gone(cluster.view.get(nodes, undefined, 'n2') as Node);
    cluster.settle();
    expect(drivesAway(cluster, 'n1')).toBe(false);
    cluster.put<Node>({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n3' }, spec: {}, status: ready('True') });
    expect(drivesAway(cluster.settle(), 'n1')).toBe(true);
  });
});

describe('a node that falls silent', () => {
  test.each([
    ['was ready', [{ type: 'Ready', status: 'True' }], 1],
    ['was never ready', [{ type: 'Ready', status: 'False' }], 0],
    ['never said anything', undefined, 0],
  ])('that %s', (_what, conditions, count) => {
    const outside: OutsideFacts = { heartbeats: { n1: NOW }, observingSince: NOW };
    const cluster = new TestCluster([nodeLifecycle], outside);
    const status = conditions && { conditions };
    cluster.put<Node>({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1' },
      spec: {},
      ...(status && { status }),
    });
    cluster.settle();
    cluster.pass(120_000);
    const ready = cluster.view.get(nodes, undefined, 'n1')?.status?.conditions?.find(({ type }) => type === 'Ready') as
      { status: string } | undefined;
    expect(ready?.status).toBe('Unknown');
    expect(cluster.view.list(events).filter(({ reason }) => reason === 'NodeNotReady').length).toBe(count);
  });
});
