import { describe, expect, it } from '@jest/globals';
import { TestNode, testPod } from './test-node.js';

const CRITICAL = 2_000_001_000;

/** A node with pods of these priorities, whose programs take so long to end. */
async function started(priorities: Readonly<Record<string, number>>, stopsAfterMs: number): Promise<TestNode> {
  const node = new TestNode({ program: () => ({ stopsAfterMs }) });
  for (const [name, priority] of Object.entries(priorities)) node.assign(testPod(name, { priority }), undefined, true);
  await node.start();
  await node.run(5000);
  for (const name of Object.keys(priorities)) expect(node.running(name)).toEqual(['POD/0', 'c/0']);
  return node;
}
const runs = (node: TestNode, ...names: readonly string[]): readonly string[] =>
  names.filter((name) => node.running(name).includes('c/0'));
/** Milliseconds until the shutdown is over. */
async function shutDown(node: TestNode, each: (ms: number) => void = () => undefined): Promise<number> {
  let isOver = false;
  void node.agent.drain().then(() => (isOver = true));
  let ms = 0;
  for (; !isOver && ms < 120_000; ms += 100) {
    await node.run(100);
    each(ms);
  }
  return ms;
}

describe('a node that is shut down', () => {
  it('ends its pods in the order of their priorities, critical ones last, and says what it does', async () => {
    const node = await started({ batch: -10, web: 0, agent: CRITICAL }, 1000);
    const seen: string[] = [];
    const ms = await shutDown(node, () => {
      const now = runs(node, 'batch', 'web', 'agent').join();
      if (now !== seen.at(-1)) seen.push(now);
    });
    expect(seen).toEqual(['batch,web,agent', 'web,agent', 'agent', '']);
    expect(ms).toBeLessThan(6000);
    expect(node.status('web')).toMatchObject({
      phase: 'Failed',
      reason: 'Terminated',
      message: 'Pod was terminated in response to imminent node shutdown.',
    });
    expect(node.nodeReports.at(-1)?.['conditions']).toContainEqual(
      expect.objectContaining({
        type: 'Ready',
        status: 'False',
        reason: 'KubeletNotReady',
        message: 'node is shutting down',
      }),
    );
  });
  it('takes a bounded time, of which critical pods have their part', async () => {
    const node = await started({ slow: 0, slower: 5, agent: CRITICAL }, 1e9);
    let endedAt = -1;
    const ms = await shutDown(node, (passed) => {
      if (endedAt < 0 && runs(node, 'slow', 'slower').length === 0) endedAt = passed;
      if (endedAt < 0) expect(runs(node, 'agent')).toEqual(['agent']);
    });
    expect(endedAt).toBeLessThan(26_000);
    expect(ms).toBeLessThan(40_000);
    expect(runs(node, 'slow', 'slower', 'agent')).toEqual([]);
  });
  it('takes no pods any more', async () => {
    const node = await started({ web: 0 }, 2000);
    const over = shutDown(node);
    node.assign(testPod('late'));
    await over;
    expect(node.status('late')).toMatchObject({ phase: 'Failed', reason: 'NodeShutdown' });
    expect(node.running('late')).toEqual([]);
  });
  it('does so while it is cut off, too', async () => {
    const node = await started({ web: 0 }, 100);
    node.bus.connected = false;
    expect(await shutDown(node)).toBeLessThan(5000);
    expect(node.running('web').filter((one) => one !== 'POD/0')).toEqual([]);
  });
});
