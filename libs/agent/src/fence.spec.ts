import { describe, expect, it } from '@jest/globals';
import { encodeMessage } from '#engine';
import { TestNode, testPod } from './test-node.js';

const db = (more: Record<string, unknown> = {}, after = '30s'): Record<string, unknown> =>
  testPod('db', { terminationGracePeriodSeconds: 10, ...more }, { annotations: { 'shiplog.io/fence-after': after } });

/** A node with a pod that is to stop when it is cut off for half a minute, and one that goes on. */
async function started(stopsAfterMs = 0, first = db()): Promise<TestNode> {
  const node = new TestNode({ program: () => ({ stopsAfterMs }) });
  node.health.subscribe('heartbeat.n1', () => Promise.resolve(encodeMessage({})));
  node.assign(
    {
      ...{
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'n1', uid: 'node-uid' },
        spec: { podCIDR: '10.244.3.0/24' },
      },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    },
    'core.nodes/_/n1',
    true,
  );
  node.assign(first, undefined, true);
  node.assign(testPod('web'), undefined, true);
  await node.start();
  await node.run(20_000);
  expect(node.running('web')).toEqual(['POD/0', 'c/0']);
  return node;
}
/** The machine is off and on again: nothing runs, and what was known is of another boot. Returns the pods of what is started from then on. */
async function powerCycle(node: TestNode): Promise<readonly string[]> {
  const { loadState } = node.volumes;
  node.volumes.loadState = async () => {
    const state = JSON.parse((await loadState.call(node.volumes)) ?? '{}') as Record<string, unknown>;
    return JSON.stringify({ ...state, contact: { bootId: 'another', uptimeMs: 1 } });
  };
  const starts: string[] = [];
  const { startContainer } = node.runtime;
  node.runtime.startContainer = (id) => {
    starts.push(node.runtime.list().find((one) => one.id === id)?.labels.pod ?? '');
    return startContainer.call(node.runtime, id);
  };
  node.runtime.powerLoss();
  await node.restartAgent(60_000);
  return starts;
}
/** What the log says of the node. */
const say = (node: TestNode, status: string): void =>
  node.assign(
    {
      ...{
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'n1', uid: 'node-uid' },
        spec: { podCIDR: '10.244.3.0/24' },
      },
      status: { conditions: [{ type: 'Ready', status }] },
    },
    'core.nodes/_/n1',
    !node.bus.connected,
  );

describe('a pod that is to stop when its node is cut off', () => {
  it('runs while the control plane answers, stops when it has not for so long, and goes on when it does', async () => {
    const node = await started();
    await node.run(60_000);
    expect(node.running('db')).toEqual(['POD/0', 'c/0']);
    expect(node.log.join()).not.toContain('pod db');
    node.bus.connected = false;
    await node.run(28_000);
    expect(node.running('db')).toEqual(['POD/0', 'c/0']);
    await node.run(12_000);
    expect(node.running('db')).toEqual(['POD/0']);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
    node.bus.connected = true;
    await node.run(20_000);
    expect(node.running('db')).toEqual(['POD/0', 'c/1']);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
  });
  it('does not go on when it was replaced meanwhile', async () => {
    const node = await started();
    node.bus.connected = false;
    await node.run(45_000);
    node.delete(db(), true);
    say(node, 'Unknown');
    node.bus.connected = true;
    await node.run(100_000);
    expect(node.running('db')).toEqual([]);
    expect(node.runtime.list().filter(({ labels }) => labels.pod === 'db' && labels.attempt > 0)).toEqual([]);
  });
  it('does not go on while its node is taken for unreachable', async () => {
    const node = await started();
    node.bus.connected = false;
    await node.run(45_000);
    say(node, 'Unknown');
    // The node's own report would set that right.
    const { request } = node.bus;
    node.bus.request = (subject, ...rest) =>
      subject === 'report.n1.node' ? Promise.reject(new Error('not now')) : request.call(node.bus, subject, ...rest);
    node.bus.connected = true;
    await node.run(20_000);
    expect(node.running('db')).toEqual(['POD/0']);
    say(node, 'True');
    await node.run(20_000);
    expect(node.running('db')).toEqual(['POD/0', 'c/1']);
  });
  it('stops in time when the agent is started anew while it is cut off, and not earlier', async () => {
    const node = await started();
    node.bus.connected = false;
    await node.run(10_000);
    await node.restartAgent(5000);
    await node.run(5000);
    expect(node.running('db')).toEqual(['POD/0', 'c/0']);
    await node.run(12_000);
    expect(node.running('db')).toEqual(['POD/0']);
  });
  it('stops when nothing is known of when the control plane last answered', async () => {
    const node = await started();
    node.bus.connected = false;
    const { loadState } = node.volumes;
    node.volumes.loadState = async () => {
      const state = JSON.parse((await loadState.call(node.volumes)) ?? '{}') as Record<string, unknown>;
      return JSON.stringify({ ...state, contact: { bootId: 'another', uptimeMs: 1 } });
    };
    await node.restartAgent(1000);
    await node.run(5000);
    expect(node.running('db')).toEqual(['POD/0']);
  });
  it('has no longer to end than its grace period when it was told to end before, with more', async () => {
    const node = await started(1e9);
    node.requestDeletion(db(), 3600);
    await node.run(1000);
    node.bus.connected = false;
    await node.run(25_000);
    expect(node.running('db')).toEqual(['POD/0', 'c/0']);
    await node.run(20_000);
    expect(node.running('db').filter((one) => one !== 'POD/0')).toEqual([]);
  });
  it('is not started after the machine was off, unless the control plane still has it', async () => {
    const node = await started();
    node.bus.connected = false;
    const starts = await powerCycle(node);
    await node.run(60_000);
    expect([...new Set(starts)]).toEqual(['web']);
    node.bus.connected = true;
    await node.run(20_000);
    expect(node.running('db')).toEqual(['POD/1', 'c/1']);
    expect(starts.filter((pod) => pod === 'db')).toEqual(['db']);
  });
  it('is never started after the machine was off when it was replaced meanwhile', async () => {
    const node = await started();
    node.delete(db(), true);
    const starts = await powerCycle(node);
    await node.run(60_000);
    expect(starts).toEqual(['web']);
    expect(node.running('db')).toEqual([]);
  });
  it('starts at once on a node that had no reason to ask for answers, and is not stopped by what was before', async () => {
    const node = await started(0, testPod('other'));
    await node.run(25_000);
    node.assign(db({}, '5s'));
    await node.run(2000);
    expect(node.running('db')).toEqual(['POD/0', 'c/0']);
    await node.run(60_000);
    expect(node.running('db')).toEqual(['POD/0', 'c/0']);
    expect(node.log.join()).not.toContain('is stopped');
  });
  it('stops when who answers is no control plane of this node', async () => {
    const node = await started();
    node.cluster = 'another';
    await node.run(80_000);
    expect(node.running('db')).toEqual(['POD/0']);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
  });
  it('is not started when its time is over while its container is made', async () => {
    const node = await started();
    const { createContainer, startContainer } = node.runtime;
    let starts = 0;
    node.runtime.createContainer = async (spec) => {
      await new Promise<void>((resolve) => node.clock.after(20_000, resolve));
      return createContainer.call(node.runtime, spec);
    };
    node.runtime.startContainer = (id) => (starts++, startContainer.call(node.runtime, id));
    node.bus.connected = false;
    await node.run(20_000);
    const db = node.runtime.list().find(({ labels }) => labels.pod === 'db' && labels.container === 'c');
    node.runtime.crash(db?.id ?? '');
    await node.run(60_000);
    expect(starts).toBe(0);
    node.bus.connected = true;
    await node.run(60_000);
    expect(node.running('db')).toEqual(['POD/0', 'c/1']);
    expect(starts).toBe(1);
  });
});
