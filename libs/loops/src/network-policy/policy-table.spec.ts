import { describe, expect, test } from '@jest/globals';
import type { NetworkPolicy } from '#kinds';
import type { Pod } from '#pod';
import { PolicyTable } from './index.js';

const ADDRESS = '10.0.0.2';
const local = (uid: string, namespace: string, ...addresses: readonly string[]): { pod: Pod; addresses: string[] } => {
  const pod = { metadata: { name: uid, namespace, uid, labels: {} }, spec: { containers: [] } } as unknown as Pod;
  return { pod, addresses: [...addresses] };
};
/** A node with one policy, which isolates all pods of namespace `b`. */
function tableOf(): PolicyTable {
  const table = new PolicyTable();
  const spec = { podSelector: {}, policyTypes: ['Ingress'] };
  table.putPolicy('b', 'none', { metadata: { name: 'none', namespace: 'b' }, spec } as unknown as NetworkPolicy);
  return table;
}

describe('an address that one pod leaves to another', () => {
  test('stays with the pod that got it, whatever is heard of the one before', () => {
    const table = tableOf();
    table.putPod('old', local('old', 'a', ADDRESS));
    table.putPod('new', local('new', 'b', ADDRESS));
    expect(table.changes().pods).toMatchObject([{ address: ADDRESS, ingress: [] }]);
    table.putPod('old', local('old', 'a', ADDRESS));
    expect(table.changes()).toMatchObject({ pods: [], gonePods: [] });
    table.putPod('old', undefined);
    expect(table.changes()).toMatchObject({ pods: [], gonePods: [] });
    expect(table.all().pods).toHaveLength(1);
  });
  test('is that of a pod that lists it still, when the last one goes or has another', () => {
    const table = tableOf();
    table.putPod('first', local('first', 'b', ADDRESS));
    table.putPod('second', local('second', 'a', ADDRESS));
    table.changes();
    expect(table.isEmpty).toBe(true);
    table.putPod('second', local('second', 'a', '10.0.0.3'));
    expect(table.changes().pods).toMatchObject([{ address: ADDRESS, ingress: [] }]);
    table.putPod('first', undefined);
    expect(table.changes().gonePods).toEqual([ADDRESS]);
  });
});

test('datagrams are judged anew of a pod that is the first at its address, or isolated for the first time', () => {
  const table = tableOf();
  table.putPod('old', local('old', 'b', ADDRESS));
  expect(table.changes().fresh).toEqual([ADDRESS]);
  table.putPod('new', local('new', 'b', ADDRESS));
  expect(table.changes()).toMatchObject({ pods: [], fresh: [ADDRESS] });
  table.putPod('old', undefined);
  expect(table.changes().fresh).toEqual([]);
  const spec = { podSelector: {}, policyTypes: ['Egress'] };
  table.putPolicy('b', 'out', { metadata: { name: 'out', namespace: 'b' }, spec } as unknown as NetworkPolicy);
  expect(table.changes().fresh).toEqual([ADDRESS]);
  table.putPolicy('b', 'out', undefined);
  expect(table.changes().fresh).toEqual([]);
});

describe('whether a pod is isolated', () => {
  test('is known before changes are asked for, and takes none from who asks for them', () => {
    const table = tableOf();
    table.putPod('new', local('new', 'b', ADDRESS));
    expect([table.isIsolated('new'), table.isolated().length]).toEqual([true, 1]);
    expect(table.changes().pods).toHaveLength(1);
    table.putPolicy('b', 'none', undefined);
    expect([table.isIsolated('new'), table.isEmpty]).toEqual([false, false]);
    expect(table.changes().gonePods).toEqual([ADDRESS]);
  });
});
