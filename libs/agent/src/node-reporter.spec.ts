import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '#model';
import { TestNode } from './test-node.js';

const STREAM = 'core.nodes/_/n1';

describe('the state of a node', () => {
  it('is told when what the control plane has of it is not so, and not again', async () => {
    const node = new TestNode();
    await node.start();
    await node.run(1000);
    const told = node.nodeReports.length;
    await node.run(300_000);
    expect(node.nodeReports).toHaveLength(told);

    const { object } = node.objects.get(STREAM) ?? {};
    const silent = {
      type: 'Ready',
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting.',
    };
    node.assign({ ...(object as KubeObject), status: { conditions: [silent] } }, STREAM);
    await node.run(1000);
    expect(node.nodeReports).toHaveLength(told + 1);
    expect(node.nodeReports.at(-1)).toMatchObject({
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'True' })]),
    });
    await node.run(300_000);
    expect(node.nodeReports).toHaveLength(told + 1);
  });

  it('is told again when nobody took it', async () => {
    const node = new TestNode();
    node.bus.connected = false;
    const started = node.start();
    await node.run(5000);
    await started;
    expect(node.nodeReports).toEqual([]);
    node.bus.connected = true;
    await node.run(60_000);
    expect(node.nodeReports.length).toBeGreaterThan(0);
  });

  it('leaves alone what others have said of it', async () => {
    const node = new TestNode();
    await node.start();
    await node.run(1000);
    const told = node.nodeReports.length;
    const object = node.objects.get(STREAM)?.object as KubeObject & {
      status: { capacity: object; conditions: readonly object[] };
    };
    const capacity = { ...object.status.capacity, memory: '8Gi', 'example.com/gadget': '3' };
    const conditions = [...object.status.conditions, { type: 'NetworkUnavailable', status: 'False' }];
    node.assign({ ...object, status: { ...object.status, capacity, conditions, images: undefined } }, STREAM);
    await node.run(60_000);
    expect(node.nodeReports).toHaveLength(told);
  });

  it('names the images that pods can ask for, the largest first, and is told again when there is one more', async () => {
    const node = new TestNode();
    const image = (names: string[], sizeBytes: number) => ({ id: 'i', names, digests: [], sizeBytes, user: '' });
    const images = [image(['small:1'], 1), image(['<none>:<none>'], 9), image(['b:1'], 5), image(['a:1'], 5)];
    node.runtime.images = () => Promise.resolve(images);
    await node.start();
    await node.run(1000);
    const told = node.nodeReports.length;
    const names = (): unknown =>
      (node.nodeReports.at(-1)?.['images'] as { names: string[] }[]).map((one) => one.names[0]);
    expect(names()).toEqual(['a:1', 'b:1', 'small:1']);
    images.push(image(['<none>:<none>'], 7));
    await node.run(60_000);
    expect(node.nodeReports).toHaveLength(told);
    images.push(image(['large:1'], 7));
    await node.run(60_000);
    expect(node.nodeReports).toHaveLength(told + 1);
    expect(names()).toEqual(['large:1', 'a:1', 'b:1', 'small:1']);
  });

  it('names 50 images at most, each by five names', async () => {
    const node = new TestNode();
    const names = Array.from({ length: 9 }, (_, i) => `tag:${i}`);
    const images = Array.from({ length: 120 }, (_, i) => ({ id: `i${i}`, names, digests: [], sizeBytes: i, user: '' }));
    node.runtime.images = () => Promise.resolve(images);
    await node.start();
    await node.run(1000);
    const told = node.nodeReports.at(-1)?.['images'] as { readonly names: string[]; readonly sizeBytes: number }[];
    expect(told.map(({ sizeBytes }) => sizeBytes)).toEqual(Array.from({ length: 50 }, (_, i) => 119 - i));
    expect(told[0]?.names).toEqual(names.slice(0, 5));
  });

  it('has what is reserved taken off what pods may ask for, and is not ready when nothing is left', async () => {
    const some = new TestNode({ node: { reserved: [{ cpu: '500m' }, { memory: '1Gi' }], evictionHard: {} } });
    await some.start();
    await some.run(1000);
    const { capacity, allocatable } = some.nodeReports.at(-1) as Record<string, Record<string, string>>;
    const { cpus, memoryBytes } = await some.runtime.info();
    expect([capacity?.['cpu'], capacity?.['memory']]).toEqual([`${cpus}`, `${memoryBytes / 1024}Ki`]);
    expect([allocatable?.['cpu'], allocatable?.['memory']]).toEqual([
      `${cpus * 1000 - 500}m`,
      `${memoryBytes / 1024 - 2 ** 20}Ki`,
    ]);

    const none = new TestNode({ node: { reserved: [{ cpu: `${cpus}` }] } });
    await none.start();
    await none.run(1000);
    const message = `nothing of the ${cpus} of cpu that this node has is left for pods: reserve less of it`;
    expect(none.nodeReports.at(-1)).toMatchObject({
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'False', message })]),
    });
  });
});
