import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog } from '#adapters';
import { registry } from '#kinds';
import type { KubeObject, PodReport } from '#model';
import { toTime, type JsonObject } from '#std';
import { testCreate, testPlane } from '../testing.js';
import { Health, type HealthOptions } from './health.js';
import { Heartbeats } from './heartbeats.js';

async function started(more: Partial<HealthOptions> = {}) {
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
    signToken: ({ account, audiences, expirationSeconds }) =>
      Promise.resolve({ token: `${account.metadata.name} ${audiences.join()} ${expirationSeconds}`, expires: '' }),
    ...more,
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
      spec: {
        nodeName: 'n',
        containers: [{ name: 'c', image: 'i' }],
        volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't', audience: 'vault' } }] } }],
      },
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
  return { plane, writer, health, pod, report };
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
  it('lets no agent say that a pod has ended, or what else it is, beside its report', async () => {
    const { plane, health, pod, report } = await started();
    const before = pod();
    const ended = { ...report('first', 1, 'Running'), event: { type: 'Deleted' } };
    expect(await health.podReport('n', ended)).toMatchObject({
      taken: false,
      reason: expect.stringContaining('no special event "Deleted"') as unknown,
    });
    const facts = { object: { ...before, spec: {} }, unset: [['spec']] } as unknown as JsonObject;
    const replaced = { ...report('first', 2, 'Running'), event: { type: 'PodStarted', facts } };
    expect(await health.podReport('n', replaced)).toMatchObject({
      taken: false,
      reason: expect.stringContaining('"object" cannot be a fact') as unknown,
    });
    expect(pod()).toEqual(before);
    await plane.stop();
  });
  it('lets a node give itself no label that keeps pods from nodes which are not trusted', async () => {
    const { plane, health } = await started();
    const as = (key: string) =>
      health.register('n', {
        boot: 'first',
        node: {
          apiVersion: 'v1',
          kind: 'Node',
          metadata: { name: 'n', labels: { [key]: 'yes' } },
        } as unknown as KubeObject,
      });
    for (const key of ['node-restriction.kubernetes.io/pci', 'a.node-restriction.kubernetes.io/b'])
      expect(await as(key)).toEqual({ taken: false, reason: `a node cannot give itself the label ${key}` });
    expect(await as('disk')).toEqual({ taken: true });
    await plane.stop();
  });
  it('gives a node the tokens that the volumes of its pods ask for, and no others', async () => {
    const { plane, health, pod } = await started();
    const wish = {
      namespace: 'default',
      pod: 'p',
      podUid: pod().metadata.uid,
      audience: 'vault',
      expirationSeconds: 3600,
    };
    // The volume with the pod's own token is put into every pod by admission.
    expect((await health.token('n', { ...wish, audience: '', expirationSeconds: 3607 })).token).toBe('default  3607');
    expect((await health.token('n', wish)).token).toBe('default vault 3600');
    for (const other of [{ audience: 'bank' }, { expirationSeconds: 99_999_999 }, { audience: '' }])
      await expect(health.token('n', { ...wish, ...other })).rejects.toThrow(
        'no volume of pod default/p asks for this',
      );
    await expect(health.token('m', wish)).rejects.toThrow('is not on m');
    await expect(health.token('n', { ...wish, podUid: 'another' })).rejects.toThrow('is not on n');
    await plane.stop();
  });
  it('goes on with other nodes when the changes for one cannot be sent', async () => {
    const sent: string[] = [];
    const faults: string[] = [];
    const { plane, writer, health } = await started({
      publish: (node) => {
        if (node === 'broken') throw new TypeError('this cannot be encoded');
        sent.push(node);
      },
      onFault: (what, cause) => faults.push(`${what}: ${(cause as Error).message}`),
    });
    for (const node of ['broken', 'n', 'm']) await health.sync({ node, boot: 'first' });
    // A Service goes to every node.
    const service = { metadata: { name: 's', namespace: 'default' }, spec: { ports: [{ port: 80 }] } };
    await writer.submit(testCreate('core.services', service));
    expect(sent).toEqual(['n', 'm']);
    expect(faults).toEqual(['changes for node broken: this cannot be encoded']);
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
