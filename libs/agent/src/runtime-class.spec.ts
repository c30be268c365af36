import { describe, expect, it } from '@jest/globals';
import type { ContainerSpec } from '#ports';
import { TestNode, testPod } from './test-node.js';

const classOf = (name: string, handler: string): Record<string, unknown> => ({
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name, uid: `uid-of-${name}` },
  handler,
});

describe('a pod of a runtime class', () => {
  const started = async () => {
    const made: (string | undefined)[] = [];
    const program = ({ runtimeHandler }: ContainerSpec) => {
      made.push(runtimeHandler);
      return { stopsAfterMs: 10 };
    };
    const node = new TestNode({ program, runtimeHandlers: ['kata'] });
    await node.start();
    const handlers = (): unknown =>
      node.runtime.list().map((c) => [c.labels.pod, c.labels.container, c.runtimeHandler]);
    return { node, made, handlers };
  };

  it('runs by the runtime that the class names, and others by the default one', async () => {
    const { node, made, handlers } = await started();
    node.assign(classOf('sandboxed', 'kata'));
    node.assign(testPod('apart', { runtimeClassName: 'sandboxed' }));
    await node.run(2000);
    node.assign(testPod('plain'));
    await node.run(2000);
    expect(handlers()).toEqual([
      ['apart', 'POD', 'kata'],
      ['apart', 'c', undefined],
      ['plain', 'POD', undefined],
      ['plain', 'c', undefined],
    ]);
    expect(made).toEqual(['kata', undefined]);
  });

  it('stays with the runtime that it was begun with when the class goes', async () => {
    const { node, made } = await started();
    node.assign(classOf('sandboxed', 'kata'));
    node.assign(testPod('apart', { runtimeClassName: 'sandboxed' }));
    await node.run(2000);
    node.assign(classOf('sandboxed', 'other'));
    const id = node.runtime.list().find((c) => c.labels.container === 'c')?.id ?? '';
    node.runtime.crash(id);
    await node.run(30_000);
    expect(node.running('apart')).toEqual(['POD/0', 'c/1']);
    expect(made).toEqual(['kata', 'kata']);
  });

  it('waits, and says why, where the engine has no such runtime or the class is not there', async () => {
    const { node } = await started();
    node.assign(classOf('strange', 'unheard-of'));
    node.assign(testPod('a', { runtimeClassName: 'strange' }));
    node.assign(testPod('b', { runtimeClassName: 'late' }));
    await node.run(2000);
    expect(node.said('a', 'FailedCreatePodSandBox')[0]).toBe(
      'Failed to create pod sandbox: no runtime for "unheard-of" is configured',
    );
    expect(node.said('b', 'FailedCreatePodSandBox')[0]).toBe(
      'Failed to create pod sandbox: runtimeclass.node.k8s.io "late" not found',
    );
    expect(node.status('a')).not.toHaveProperty('phase', 'Failed');
    expect(node.runtime.list()).toEqual([]);
    node.assign(classOf('late', 'kata'));
    await node.run(60_000);
    expect(node.running('b')).toEqual(['POD/0', 'c/0']);
    expect(node.running('a')).toEqual([]);
  });
});
