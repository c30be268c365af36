import { describe, expect, it } from '@jest/globals';
import type { FakeFault, FakeOperation } from '#adapters';
import { TestNode, testPod } from './test-node.js';

/** A node whose engine can be made to refuse, with a count of what it was asked. */
function nodeWith(hooks: string[] = []) {
  const trouble: { fault?: (operation: FakeOperation) => FakeFault | undefined } = {};
  const asked = new Map<string, number>();
  const node = new TestNode({
    fault: (operation) => {
      asked.set(operation, (asked.get(operation) ?? 0) + 1);
      return trouble.fault?.(operation);
    },
    exec: (_container, command) => {
      hooks.push(command.join(' '));
      return { exitCode: 0, output: '', timedOut: false };
    },
  });
  return { node, trouble, asked };
}
const away = (): FakeFault => ({ message: 'the engine is away', reason: 'unavailable' });
const total = (asked: ReadonlyMap<string, number>): number => [...asked.values()].reduce((sum, n) => sum + n, 0);

describe('an agent whose engine refuses', () => {
  it('asks it about once a second to start what it should', async () => {
    const { node, trouble, asked } = nodeWith();
    await node.start();
    trouble.fault = (operation) => (operation === 'image' || operation === 'create' ? away() : undefined);
    node.assign(testPod('web'));
    await node.run(1000);
    asked.clear();
    await node.run(20_000);
    expect(asked.get('image')).toBeGreaterThan(10);
    expect(asked.get('image')).toBeLessThan(30);
    delete trouble.fault;
    await node.run(2000);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
  });

  it('stops a container once the engine is back, and runs its hook once', async () => {
    const hooks: string[] = [];
    const { node, trouble, asked } = nodeWith(hooks);
    await node.start();
    const lifecycle = { preStop: { exec: { command: ['say', 'goodbye'] } } };
    const pod = testPod('web', { containers: [{ name: 'c', image: 'img:1', lifecycle }] });
    node.assign(pod);
    await node.run(1000);
    trouble.fault = (operation) => (operation === 'exec' ? undefined : away());
    node.requestDeletion(pod, 60);
    await node.run(1000);
    asked.clear();
    await node.run(20_000);
    expect(hooks).toEqual(['say goodbye']);
    expect(total(asked)).toBeLessThan(60);
    delete trouble.fault;
    await node.run(2000);
    expect(node.runtime.list()).toEqual([]);
    expect(node.reports.at(-1)).toMatchObject({ finished: true });
    expect(hooks).toEqual(['say goodbye']);
  });

  it('tries a resize that it refuses for good again and again, but not at once', async () => {
    const { node, trouble, asked } = nodeWith();
    await node.start();
    const resources = (cpu: string): object => ({ requests: { cpu }, limits: { cpu } });
    const pod = (cpu: string, generation: number): Record<string, unknown> =>
      testPod('web', { containers: [{ name: 'c', image: 'img:1', resources: resources(cpu) }] }, { generation });
    node.assign(pod('100m', 1));
    await node.run(1000);
    trouble.fault = (operation) =>
      operation === 'resize' ? { message: 'no such amount', reason: 'other' } : undefined;
    node.assign(pod('200m', 2));
    await node.run(20_000);
    expect(asked.get('resize')).toBeGreaterThan(1);
    expect(asked.get('resize')).toBeLessThan(30);
  });
});
