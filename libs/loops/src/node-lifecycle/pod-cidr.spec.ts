import { describe, expect, test } from '@jest/globals';
import { events, nodes, type Node } from '#kinds';
import type { OutsideFacts } from '#model';
import { TestCluster } from '../shared/testing/index.js';
import { podCidr } from './index.js';

function clusterOf(outside: OutsideFacts, ranges: readonly (string | undefined)[]): TestCluster {
  const cluster = new TestCluster([podCidr], outside);
  ranges.forEach((range, i) => join(cluster, `n${i + 1}`, range));
  return cluster.settle();
}
function join(cluster: TestCluster, name: string, range?: string): Node {
  const spec = range === undefined ? {} : { podCIDR: range, podCIDRs: [range] };
  return cluster.put<Node>({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec, status: {} });
}
const rangesOf = (cluster: TestCluster): readonly (string | undefined)[] =>
  (cluster.view.list(nodes) as readonly Node[]).map(({ spec }) => spec.podCIDR);
const said = (cluster: TestCluster): readonly (string | undefined)[] =>
  (cluster.view.list(events) as readonly { readonly message?: string }[]).map(({ message }) => message);

describe('ranges of nodes', () => {
  test('are the lowest parts of the pod network that are free', () => {
    expect(rangesOf(clusterOf({}, [undefined, '10.244.0.0/24', undefined]))).toEqual([
      '10.244.1.0/24',
      '10.244.0.0/24',
      '10.244.2.0/24',
    ]);
    const facts = { podCidr: '172.20.64.0/18', nodeCidrMask: 26 };
    expect(rangesOf(clusterOf(facts, [undefined, undefined, undefined, undefined, undefined]))).toEqual([
      '172.20.64.0/26',
      '172.20.64.64/26',
      '172.20.64.128/26',
      '172.20.64.192/26',
      '172.20.65.0/26',
    ]);
  });
  test('never overlap those of nodes whose ranges had another size', () => {
    const smaller = { podCidr: '10.244.0.0/16', nodeCidrMask: 25 };
    expect(rangesOf(clusterOf(smaller, ['10.244.0.0/24', undefined]))[1]).toBe('10.244.1.0/25');
    const larger = { podCidr: '10.244.0.0/16', nodeCidrMask: 23 };
    expect(rangesOf(clusterOf(larger, ['10.244.1.0/24', undefined, '10.9.0.0/24']))[1]).toBe('10.244.2.0/23');
  });
  test('are of both families where the pods have two networks', () => {
    const facts = { podCidrIpv6: 'fd00:10:244::/56' };
    const listed = (cluster: TestCluster): readonly unknown[] =>
      (cluster.view.list(nodes) as readonly Node[]).map(({ spec }) => spec.podCIDRs);
    const cluster = clusterOf(facts, [undefined, '10.244.1.0/24', undefined]);
    expect(listed(cluster)).toEqual([
      ['10.244.0.0/24', 'fd00:10:244::/64'],
      ['10.244.1.0/24'],
      ['10.244.2.0/24', 'fd00:10:244:1::/64'],
    ]);
    const few = { podCidrIpv6: 'fd00:10:244::/111', nodeCidrMaskIpv6: 112 };
    const full = clusterOf(few, [undefined, undefined, undefined]);
    expect(listed(full)).toEqual([
      ['10.244.0.0/24', 'fd00:10:244::/112'],
      ['10.244.1.0/24', 'fd00:10:244::1:0/112'],
      undefined,
    ]);
    expect(said(full)).toEqual([
      'Node n3 gets no range of addresses for its pods: all 2 parts of SHIPLOG_POD_CIDR fd00:10:244::/111 with SHIPLOG_NODE_CIDR_MASK_IPV6 112 are given to nodes',
    ]);
  });
  test('are not shared when none is left: the node is told so, and gets one when another node goes', () => {
    const cluster = clusterOf({ podCidr: '10.9.0.0/23', nodeCidrMask: 24 }, [undefined, undefined, undefined]);
    expect(rangesOf(cluster)).toEqual(['10.9.0.0/24', '10.9.1.0/24', undefined]);
    expect(said(cluster)).toEqual([
      'Node n3 gets no range of addresses for its pods: all 2 parts of SHIPLOG_POD_CIDR 10.9.0.0/23 with SHIPLOG_NODE_CIDR_MASK 24 are given to nodes',
    ]);
    cluster.gone(cluster.view.get(nodes, undefined, 'n1') as Node);
    expect(rangesOf(cluster.settle())).toEqual(['10.9.1.0/24', '10.9.0.0/24']);
  });
});
