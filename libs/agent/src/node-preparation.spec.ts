import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '#model';
import { TestNode, testPod } from './test-node.js';

const STREAM = 'core.nodes/_/n1';
type Conditions = readonly { readonly type: string; readonly status: string; readonly message: string }[];

function ready(node: TestNode): Conditions[number] | undefined {
  const status = node.nodeReports.at(-1) as { readonly conditions?: Conditions } | undefined;
  return status?.conditions?.find(({ type }) => type === 'Ready');
}
function withRange(node: TestNode, podCIDR: string | undefined): void {
  const { object } = node.objects.get(STREAM) ?? {};
  node.assign({ ...(object as KubeObject), spec: podCIDR === undefined ? {} : { podCIDR } }, STREAM);
}

describe('a node that has no range for its pods', () => {
  it('is not ready and begins no pod, until it is given one', async () => {
    const node = new TestNode();
    withRange(node, undefined);
    await node.start();
    node.assign(testPod('p'));
    await node.run(60_000);
    expect(ready(node)).toMatchObject({ status: 'False' });
    expect(ready(node)?.message).toContain('has given this node no range of addresses for its pods');
    expect(node.runtime.list()).toEqual([]);
    withRange(node, '10.244.7.0/24');
    await node.run(2000);
    expect(node.running('p')).toEqual(['POD/0', 'c/0']);
    expect(node.status('p').podIP).toMatch(/^10\.244\.7\./);
    await node.run(1000);
    expect(ready(node)).toMatchObject({ status: 'True' });
  });
  it('is not ready while its range is not to be had, and says why', async () => {
    let isTaken = true;
    const why = "the range 10.244.3.0/24 of this node's pods overlaps the network other";
    const node = new TestNode({
      fault: (operation) => (operation === 'prepare' && isTaken ? { message: why, reason: 'network' } : undefined),
    });
    await node.start();
    node.assign(testPod('p'));
    await node.run(5000);
    expect(ready(node)).toMatchObject({ status: 'False', message: why });
    isTaken = false;
    await node.run(32_000);
    expect(node.running('p')).toEqual(['POD/0', 'c/0']);
    expect(ready(node)).toMatchObject({ status: 'True' });
  });
});
