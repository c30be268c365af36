import { describe, expect, test } from '@jest/globals';
import { nodes, type Node } from '#kinds';
import { TestCluster } from '../shared/testing/index.js';
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
