import { describe, expect, it } from '@jest/globals';
import type { MachineReading } from '#model';
import { TestNode, testPod } from './test-node.js';

const GI = 2 ** 30;
const LOOK_MS = 10_000;
const PERIOD_MS = 300_000;

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** A node whose machine has so many bytes of memory, and of its disk, left. */
function measuredNode() {
  const left = { memory: 4 * GI, disk: 50 * GI };
  const machine = (): MachineReading => ({
    startedAt: 0,
    cpus: 4,
    memoryBytes: 8 * GI,
    memory: { usage: 8 * GI, workingSet: 8 * GI - left.memory, rss: 0 },
    fileSystem: { usedBytes: 1, capacityBytes: 100 * GI, availableBytes: left.disk },
  });
  const node = new TestNode({}, () => ({
    read: () => ({ machine: machine(), pods: [], sandboxes: new Map() }),
    close: () => undefined,
  }));
  const said = (): Record<string, string> => {
    const { conditions } = (node.nodeReports.at(-1) ?? node.registrations[0]?.['status']) as {
      readonly conditions: readonly Condition[];
    };
    return Object.fromEntries(
      conditions.map(({ type, status, reason, message }) => [type, `${status} ${reason}: ${message}`]),
    );
  };
  return { node, left, said };
}

describe('a node that is short of something', () => {
  it('says so within seconds, and five minutes after it was so last it says that this is over', async () => {
    const { node, left, said } = measuredNode();
    await node.start();
    expect(said()).toMatchObject({
      MemoryPressure: 'False KubeletHasSufficientMemory: kubelet has sufficient memory available',
      DiskPressure: 'False KubeletHasNoDiskPressure: kubelet has no disk pressure',
      PIDPressure: 'False KubeletHasSufficientPID: kubelet has sufficient PID available',
    });
    left.disk = 9 * GI;
    await node.run(2 * LOOK_MS);
    expect(said().DiskPressure).toBe('True KubeletHasDiskPressure: kubelet has disk pressure');
    expect(said().Ready).toContain('True KubeletReady');
    left.disk = 50 * GI;
    const reports = node.nodeReports.length;
    await node.run(PERIOD_MS - 2 * LOOK_MS);
    expect(node.nodeReports).toHaveLength(reports);
    await node.run(3 * LOOK_MS);
    expect(said().DiskPressure).toBe('False KubeletHasNoDiskPressure: kubelet has no disk pressure');
    expect(node.said('n1', 'NodeHasDiskPressure')).toEqual(['Node n1 status is now: NodeHasDiskPressure']);
    expect(node.said('n1', 'NodeHasNoDiskPressure')).toHaveLength(1);
  });

  it('says so from the beginning', async () => {
    const { node, left, said } = measuredNode();
    left.memory = GI / 32;
    await node.start();
    expect(said().MemoryPressure).toBe('True KubeletHasInsufficientMemory: kubelet has insufficient memory available');
  });

  it.each([
    ['memory', {}, 'Evicted'],
    ['memory', { tolerations: [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists' }] }, undefined],
    ['memory', { resources: { requests: { memory: '1Mi' } } }, undefined],
    ['memory', { priority: 2_000_000_000 }, undefined],
    ['disk', { resources: { requests: { memory: '1Mi' } } }, 'Evicted'],
    ['disk', { tolerations: [{ operator: 'Exists' }] }, 'Evicted'],
    ['disk', { priority: 2_000_000_000 }, undefined],
  ] as const)('without %s takes no new pod but %j is %s', async (what, spec, reason) => {
    const { node, left } = measuredNode();
    await node.start();
    node.assign(testPod('before'));
    await node.run(1000);
    left[what] = 1;
    await node.run(2 * LOOK_MS);
    const { resources, ...more } = { resources: undefined, ...spec };
    const containers = [
      { name: 'c', image: 'img:1', imagePullPolicy: 'IfNotPresent', ...(resources && { resources }) },
    ];
    node.assign(testPod('after', { containers, ...more }));
    await node.run(1000);
    expect(node.running('before')).toContain('c/0');
    expect(node.running('after').includes('c/0')).toBe(reason === undefined);
    expect(node.status('after').reason).toBe(reason);
    if (!reason) return;
    const condition = what === 'memory' ? 'MemoryPressure' : 'DiskPressure';
    expect(node.status('after').message).toBe(`Pod was rejected: The node had condition: [${condition}]. `);
  });
});
