import { describe, expect, test } from '@jest/globals';
import { events, nodes, pods, type Node } from '#kinds';
import type { OutsideFacts } from '#model';
import { type Pod } from '#pod';
import { toTime } from '#std';
import { NOW, TestCluster } from '../shared/testing/index.js';
import { taintEviction } from './index.js';

const OUT = { key: 'example.com/out', effect: 'NoExecute', timeAdded: toTime(NOW) };
function clusterOf(tolerations: NonNullable<Pod['spec']['tolerations']>, outside: OutsideFacts = {}): TestCluster {
  const cluster = new TestCluster([taintEviction], outside);
  cluster.put<Node>({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: { taints: [OUT] } });
  cluster.put<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default' },
    spec: { nodeName: 'n', tolerations, containers: [{ name: 'a' }] },
  });
  return cluster.settle();
}
const untaint = (cluster: TestCluster): TestCluster => {
  cluster.edit(nodes, undefined, 'n', { spec: { taints: null } });
  return cluster.settle();
};
const told = (cluster: TestCluster) => cluster.view.list(events, 'default').map(({ message }) => message);
const isLeaving = (cluster: TestCluster): boolean =>
  cluster.view.get(pods, 'default', 'p')?.metadata.deletionTimestamp !== undefined;

describe('a taint that drives pods away', () => {
  test('takes a pod that does not tolerate it at once', () => {
    const cluster = clusterOf([]);
    expect(isLeaving(cluster)).toBe(true);
    expect(told(cluster)).toEqual(['Marking for deletion Pod default/p']);
    expect(told(untaint(cluster))).toHaveLength(1);
  });
  test('takes one that tolerates it for a while when that is over', () => {
    const cluster = clusterOf([{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3 }]);
    expect(isLeaving(cluster)).toBe(false);
    cluster.pass(3000);
    expect(isLeaving(cluster)).toBe(true);
  });
  test('takes no hour for lived through that the wall clock was set forward by', () => {
    const wallSteps: { at: number; by: number }[] = [];
    const cluster = clusterOf([{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }], { wallSteps });
    wallSteps.push({ at: cluster.now, by: 3_600_000 });
    cluster.pass(3_600_000);
    expect(isLeaving(cluster)).toBe(false);
    cluster.pass(299_000);
    expect(isLeaving(cluster)).toBe(false);
    cluster.pass(1000);
    expect(isLeaving(cluster)).toBe(true);
  });
  test('spares it, and says so, when it goes before', () => {
    const cluster = untaint(clusterOf([{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }]));
    cluster.pass(301_000);
    expect(isLeaving(cluster)).toBe(false);
    expect(told(cluster)).toEqual(['Cancelling deletion of Pod default/p']);
  });
  test('says nothing of one that could always stay', () => {
    expect(told(untaint(clusterOf([{ operator: 'Exists' }])))).toEqual([]);
  });
});
