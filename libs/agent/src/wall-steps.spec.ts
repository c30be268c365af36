import { describe, expect, it } from '@jest/globals';
import { testPod, TestNode } from './test-node.js';

const HOUR_MS = 3_600_000;
const probed = (livenessProbe: object): Record<string, unknown> =>
  testPod('web', { containers: [{ name: 'c', image: 'img:1', livenessProbe }] });

describe.each([
  ['back', -HOUR_MS],
  ['forward', HOUR_MS],
])('an agent whose wall clock is set %s by an hour', (_direction, step) => {
  it('asks its probes as often as before', async () => {
    const node = new TestNode();
    await node.start();
    let asked = 0;
    node.probe = () => {
      asked++;
      return { result: 'success', output: '' };
    };
    node.assign(probed({ httpGet: { port: 80 }, periodSeconds: 10 }));
    await node.run(35_000);
    asked = 0;
    node.clock.step(step);
    await node.run(60_000);
    expect(asked).toBeGreaterThanOrEqual(5);
    expect(asked).toBeLessThanOrEqual(7);
  });

  it('gives a pod its whole grace period, and no more', async () => {
    const node = new TestNode({ program: () => ({}) });
    await node.start();
    const pod = testPod('web');
    node.assign(pod);
    await node.run(1000);
    node.requestDeletion(pod, 30);
    await node.run(10_000);
    node.clock.step(step);
    await node.run(15_000);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
    await node.run(10_000);
    expect(node.running('web')).toEqual([]);
  });

  it('holds a crashed container back, and starts it again', async () => {
    const node = new TestNode({ program: () => ({ runsForMs: 100, exitCode: 1 }) });
    await node.start();
    node.assign(testPod('web'));
    await node.run(5000);
    const attempts = (): number => Math.max(...node.runtime.list().map((c) => c.labels.attempt));
    node.clock.step(step);
    const before = attempts();
    await node.run(60_000);
    expect(attempts()).toBeGreaterThan(before);
    // Held back after the step as before it: 10 s, 20 s, 40 s.
    expect(attempts()).toBeLessThanOrEqual(before + 4);
  });
});
