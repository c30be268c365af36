import type { PodStatus } from '#pod';
import { describe, expect, it } from '@jest/globals';
import { TestNode, testPod } from './test-node.js';

/** A pod that runs, and whose status the control plane has as it was reported. */
async function running() {
  const node = new TestNode();
  await node.start();
  const pod = testPod('web');
  node.assign(pod);
  await node.run(2000);
  const show = (status: object): void => node.assign({ ...pod, status }, undefined);
  show(node.status('web'));
  await node.run(2000);
  return { node, show };
}

describe('the status of a pod', () => {
  it('is told again when others wrote something else over it', async () => {
    const { node, show } = await running();
    const told = node.reports.length;
    const { conditions = [], ...status } = node.status('web');
    const unready = conditions.map((one) => (one.type === 'Ready' ? { ...one, status: 'False' } : one));
    show({ ...status, conditions: unready });
    await node.run(2000);
    expect(node.reports).toHaveLength(told + 1);
    expect(node.condition('web', 'Ready')).toBe('True');
  });

  it('is not told again for what is no matter of the node, nor for news that are older than its report', async () => {
    const { node, show } = await running();
    const told = node.reports.length;
    const status = node.status('web');
    const gate = { type: 'example.com/gate', status: 'False' };
    show({ ...status, nominatedNodeName: 'n2', conditions: [gate, ...(status.conditions ?? [])] });
    await node.run(2000);
    node.takenAt = node.position + 10;
    node.runtime.crash(node.runtime.list().find((c) => c.labels.container === 'c')?.id ?? '');
    await node.run(100);
    const later = node.reports.length;
    show(status);
    await node.run(300);
    expect(later).toBeGreaterThan(told);
    expect(node.reports).toHaveLength(later);
  });

  it('says once that a container was restarted, however slow the answers are', async () => {
    const { node } = await running();
    node.hub.fate = () => [3000];
    node.runtime.crash(node.runtime.list().find((c) => c.labels.container === 'c')?.id ?? '');
    await node.run(8000);
    node.runtime.crash(node.runtime.list().find((c) => c.labels.attempt === 1)?.id ?? '');
    await node.run(60_000);
    const restarts = node.reports.filter(({ event }) => event?.type === 'ContainerRestarted');
    expect(restarts.map(({ status }) => (status as PodStatus).containerStatuses?.[0]?.restartCount)).toEqual([1, 2]);
  });
});

describe('what happened to a pod', () => {
  it('is told in one row for all once it is ever the same in ever other words', async () => {
    const node = new TestNode();
    let n = 0;
    node.probe = () => ({ result: 'failure', output: `refused at ${++n}` });
    await node.start();
    const readinessProbe = { httpGet: { port: 80 }, periodSeconds: 1 };
    node.assign(testPod('web', { containers: [{ name: 'c', image: 'img:1', readinessProbe }] }));
    await node.run(120_000);
    const told = node.incidents.filter(({ reason }) => reason === 'Unhealthy');
    expect(n).toBeGreaterThan(100);
    expect(told.filter(({ isCombined }) => !isCombined)).toHaveLength(9);
    expect(told.filter(({ isCombined }) => isCombined).map(({ count }) => count)).toEqual([1, 2, 4, 8, 16, 32, 64]);
    expect(told.at(-1)?.message).toBe('(combined from similar events): Readiness probe failed: refused at 73');
  });

  it('is told in the order in which it happened', async () => {
    const node = new TestNode();
    await node.start();
    let late = 500;
    node.hub.fate = ({ subject }) => [subject.endsWith('.incident') ? (late = Math.max(0, late - 100)) : 0];
    node.assign(testPod('web'));
    await node.run(5000);
    expect(node.incidents.map(({ reason }) => reason)).toEqual(['Pulled', 'Created', 'Started']);
  });
});
