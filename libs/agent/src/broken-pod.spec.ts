import { describe, expect, it } from '@jest/globals';
import { TestNode, testPod } from './test-node.js';

describe('a pod that the agent cannot make sense of', () => {
  it.each([
    ['its containers', { containers: [null] }],
    ['its volumes', { volumes: [null] }],
    ['its first containers', { initContainers: [null] }],
    ['its gates', { readinessGates: [null] }],
  ])('because of %s: it is reported, tried ever more seldom, and other pods run', async (_what, spec) => {
    const node = new TestNode();
    node.assign(testPod('broken', spec), undefined, true);
    node.assign(testPod('whole'), undefined, true);
    await node.start();
    await node.run(2000);
    expect(node.running('whole')).toEqual(['POD/0', 'c/0']);
    node.assign({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default', uid: 'c' } });
    node.assign(testPod('later'));
    await node.run(600_000);
    expect(node.condition('whole', 'Ready')).toBe('True');
    expect(node.running('later')).toEqual(['POD/0', 'c/0']);
    expect(node.condition('later', 'Ready')).toBe('True');
    const said = node.log.filter((line) => line.includes('pod default/broken: TypeError'));
    expect(said.length).toBeGreaterThan(0);
    expect(said.length).toBeLessThan(12);
    expect(said[0]).toMatch(/\n +at .+\.ts:/);
  });
});
