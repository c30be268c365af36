import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog } from '#adapters';
import { registry } from '#kinds';
import type { KubeObject, PodReport } from '#model';
import { toTime } from '#std';
import { testCreate, testPlane } from '../testing.js';
import { Health } from './health.js';
import { Heartbeats } from './heartbeats.js';

async function started() {
  const plane = testPlane(new MemoryEventLog(), registry);
  await plane.start();
  const writer = await plane.becomeWriter('test-cluster');
  const { clock, ids } = plane.options;
  const health = new Health({
    reads: plane.reads,
    commands: writer,
    heartbeats: new Heartbeats(clock),
    clock,
    ids,
    publish: () => undefined,
    signToken: () => Promise.reject(new Error('no tokens here')),
  });
  await writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
  await writer.submit(testCreate('core.serviceaccounts', { metadata: { name: 'default', namespace: 'default' } }));
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: {} } as unknown as KubeObject;
  await health.register('n', { boot: 'first', node });
  await writer.submit(
    testCreate('core.pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'default' },
      spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
    }),
  );
  const pod = (): KubeObject & { status?: { phase?: string } } =>
    plane.reads.projection.get({ id: 'core.pods' }, 'default', 'p') as KubeObject;
  const report = (boot: string, sequence: number, phase: string): PodReport => ({
    boot,
    sequence,
    namespace: 'default',
    name: 'p',
    uid: pod().metadata.uid,
    status: { phase, startTime: toTime(0) },
  });
  return { plane, health, pod, report };
}

describe('the health app', () => {
  it('takes the newest report, whatever arrives after it', async () => {
    const { plane, health, pod, report } = await started();
    await health.podReport('n', report('first', 2, 'Running'));
    expect(await health.podReport('n', report('first', 1, 'Pending'))).toMatchObject({ taken: true });
    expect(pod().status?.phase).toBe('Running');
    await plane.stop();
  });
  it('takes no report of an agent that was followed by another', async () => {
    const { plane, health, pod, report } = await started();
    await health.podReport('n', report('first', 1, 'Pending'));
    await health.podReport('n', report('second', 1, 'Running'));
    health.heartbeat({ node: 'n', boot: 'first', sequence: 9 });
    expect(await health.podReport('n', report('first', 2, 'Pending'))).toMatchObject({ taken: true });
    expect(pod().status?.phase).toBe('Running');
    await plane.stop();
  });
  it('answers that a pod of another node, or of another life, is gone', async () => {
    const { plane, health, report } = await started();
    expect(await health.podReport('m', report('first', 1, 'Running'))).toMatchObject({ taken: false, gone: true });
    const other = { ...report('first', 1, 'Running'), uid: 'another' };
    expect(await health.podReport('n', other)).toMatchObject({ taken: false, gone: true });
    await plane.stop();
  });
});
