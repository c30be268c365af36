import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog, VirtualClock } from '#adapters';
import { registry } from '#kinds';
import type { AssignedObject, AssignmentSync, Digests, IncidentReport, KubeObject, PodReport } from '#model';
import { assignmentDigest, RecordedOutside, refusals } from '#model';
import { Fault, toTime, type JsonObject } from '#std';
import { testCreate, testPlane } from '../../engine/src/testing.js';
import { Health, type HealthOptions } from './health.js';
import { Heartbeats } from './heartbeats.js';

async function started(more: Partial<HealthOptions> = {}) {
  const plane = testPlane(new MemoryEventLog(), registry);
  await plane.start();
  const writer = await plane.becomeWriter('test-cluster');
  const { clock, ids } = plane.options;
  const options: HealthOptions = {
    reads: plane.reads,
    commands: writer,
    heartbeats: new Heartbeats(clock),
    clock,
    ids,
    publish: () => undefined,
    signToken: ({ account, audiences, expirationSeconds }) =>
      Promise.resolve({ token: `${account.name} ${audiences.join()} ${expirationSeconds}`, expires: '' }),
    ...more,
  };
  const health = new Health(options);
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
  const stop = (): Promise<void> => {
    health.stop();
    return plane.stop();
  };
  return { plane, writer, health, options, pod, report, stop };
}

describe('the health app', () => {
  it('takes the newest report, whatever arrives after it', async () => {
    const { health, pod, report, stop } = await started();
    await health.podReport('n', report('first', 2, 'Running'));
    expect(await health.podReport('n', report('first', 1, 'Pending'))).toMatchObject({ taken: true });
    expect(pod().status?.phase).toBe('Running');
    await stop();
  });
  it('takes no word of before its end for a pod that has ended, also after a restart', async () => {
    const { health, options, pod, report, stop } = await started();
    await health.podReport('n', report('first', 2, 'Succeeded'));
    const other = new Health(options);
    expect(await other.podReport('n', report('first', 1, 'Running'))).toMatchObject({ taken: true });
    expect(pod().status?.phase).toBe('Succeeded');
    // An end is never another one, as where the node's pods were ended for it meanwhile.
    expect(await other.podReport('n', report('first', 3, 'Failed'))).toMatchObject({ taken: true });
    expect(pod().status?.phase).toBe('Succeeded');
    other.stop();
    await stop();
  });
  it('takes no report of an agent that was followed by another', async () => {
    const { health, pod, report, stop } = await started();
    await health.podReport('n', report('first', 1, 'Pending'));
    await health.podReport('n', report('second', 1, 'Running'));
    health.heartbeat({ node: 'n', boot: 'first', sequence: 9 });
    expect(await health.podReport('n', report('first', 2, 'Pending'))).toMatchObject({ taken: false });
    expect(pod().status?.phase).toBe('Running');
    await stop();
  });
  it('takes the reports of the agent that lives when it has heard of a dead one last', async () => {
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    const { health, pod, report, stop } = await started({ clock });
    await health.podReport('n', report('first', 1, 'Pending'));
    // What a dead agent sent comes late, to a process that has only heard of the living one before.
    await health.podReport('n', report('dead', 7, 'Pending'));
    health.heartbeat({ node: 'n', boot: 'first', sequence: 1 });
    expect(await health.podReport('n', report('first', 2, 'Running'))).toMatchObject({ taken: false });
    clock.advance(20_000);
    health.heartbeat({ node: 'n', boot: 'first', sequence: 2 });
    expect(await health.podReport('n', report('first', 3, 'Running'))).toMatchObject({ taken: true });
    expect(pod().status?.phase).toBe('Running');
    expect(await health.podReport('n', report('dead', 8, 'Pending'))).toMatchObject({ taken: false });
    await stop();
  });
  it('lets no agent say that a pod has ended, or what else it is, beside its report', async () => {
    const { health, pod, report, stop } = await started();
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
    await stop();
  });
  it('lets a node set of its Node what NodeRestriction allows, and nothing else', async () => {
    const { plane, health, stop } = await started();
    const as = (metadata: object, spec: object = {}) =>
      health.register('n', {
        boot: 'first',
        node: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', ...metadata }, spec } as unknown as KubeObject,
      });
    const before = plane.reads.projection.get({ id: 'core.nodes' }, undefined, 'n');
    for (const key of [
      'node-restriction.kubernetes.io/pci',
      'a.node-restriction.kubernetes.io/b',
      'node-role.kubernetes.io/control-plane',
      'node-role.kubernetes.io/worker',
      'kubernetes.io/anything',
      'example.k8s.io/anything',
    ])
      expect(await as({ labels: { [key]: 'yes' } })).toEqual({
        taken: false,
        reason: `a node cannot give itself the label ${key}`,
      });
    const refused: readonly (readonly [object, object, string])[] = [
      [{ labels: { pool: null } }, {}, 'the value of label pool is not a string'],
      [{ annotations: { a: 'b' } }, {}, 'a node cannot set metadata.annotations of its Node'],
      [{ finalizers: ['a/b'] }, {}, 'a node cannot set metadata.finalizers of its Node'],
      [{ ownerReferences: [] }, {}, 'a node cannot set metadata.ownerReferences of its Node'],
      [{}, { podCIDR: '10.0.0.0/8' }, 'a node cannot set spec.podCIDR of its Node'],
      [{ name: 'm' }, {}, 'a node registers itself: n is not "m"'],
    ];
    for (const [metadata, spec, reason] of refused) expect(await as(metadata, spec)).toEqual({ taken: false, reason });
    expect(plane.reads.projection.get({ id: 'core.nodes' }, undefined, 'n')).toEqual(before);
    const own = {
      disk: 'ssd',
      'kubernetes.io/os': 'linux',
      'node.kubernetes.io/x': '',
      'topology.kubernetes.io/zone': 'z',
    };
    // A node that exists keeps its taints: they would come off with a new registration.
    expect(await as({ labels: own }, { taints: [{ key: 'k', effect: 'NoSchedule' }] })).toEqual({ taken: true });
    const after = plane.reads.projection.get({ id: 'core.nodes' }, undefined, 'n');
    expect(after?.metadata.labels).toMatchObject(own);
    expect(after?.['spec']).toEqual(before?.['spec']);
    await stop();
  });
  it("lets a node say nothing of a pod that is not a node's to say", async () => {
    const { health, pod, report, stop } = await started();
    const said = report('first', 1, 'Running');
    const more = { nominatedNodeName: 'm', resourceClaimStatuses: [{ name: 'gpu', resourceClaimName: 'of-another' }] };
    expect(await health.podReport('n', { ...said, status: { ...said.status, ...more } })).toMatchObject({
      taken: true,
    });
    expect(pod().status).toMatchObject({ phase: 'Running' });
    for (const field of Object.keys(more)) expect(pod().status).not.toHaveProperty(field);
    await stop();
  });
  it("takes incidents of a node's own pods, also of those that have just gone, and of no others", async () => {
    const { writer, health, pod, stop } = await started();
    const incident = (name: string, uid: string, kind = 'Pod'): IncidentReport => ({
      object: { apiVersion: 'v1', kind, namespace: 'default', name, uid },
      type: 'Warning',
      reason: 'Failed',
      message: 'it failed',
      count: 1,
      first: toTime(0),
      last: toTime(0),
    });
    const own = incident('p', pod().metadata.uid);
    expect(await health.incident('n', own)).toEqual({ taken: true });
    expect(await health.incident('m', own)).toMatchObject({ taken: false, gone: true });
    expect(await health.incident('n', incident('p', 'another'))).toMatchObject({ taken: false });
    expect(await health.incident('n', incident('default', 'x', 'ServiceAccount'))).toMatchObject({ taken: false });
    const create = testCreate('core.pods', { metadata: { name: 'p', namespace: 'default' } });
    await writer.submit({ ...create, verb: 'delete', body: { gracePeriodSeconds: 0 } });
    expect(pod()).toBeUndefined();
    expect(await health.incident('n', own)).toEqual({ taken: true });
    expect(await health.incident('m', own)).toMatchObject({ taken: false });
    await stop();
  });
  it('takes whatever a node sends for a sign of life, when it arrives, also what the writer refuses', async () => {
    const clock = new VirtualClock(0);
    const heartbeats = new Heartbeats(clock);
    let isRefusing = true;
    const { plane, writer, report, stop } = await started();
    const health = new Health({
      ...{ reads: plane.reads, heartbeats, clock, ids: plane.options.ids },
      commands: {
        submit: async (command) => {
          // What the writer answers while the log has no room, after a while.
          clock.advance(500);
          return isRefusing ? refusals.unavailable('the log is full') : writer.submit(command);
        },
      },
      publish: () => undefined,
      signToken: () => Promise.reject(new Fault('no token today', true)),
    });
    const incident: IncidentReport = {
      object: { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'n' },
      ...{ type: 'Normal', reason: 'Starting', message: 'it starts', count: 1, first: toTime(0), last: toTime(0) },
    };
    const wish = { namespace: 'default', pod: 'p', podUid: '?', audience: '', expirationSeconds: 3600 };
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: {} } as unknown as KubeObject;
    const other = { ...node, metadata: { ...node.metadata, name: 'other' } };
    const messages: readonly (() => unknown)[] = [
      () => health.heartbeat({ node: 'n', boot: 'first', sequence: 1 }),
      () => health.register('n', { boot: 'first', node }),
      () => health.register('n', { boot: 'first', node: other }),
      () => health.sync({ node: 'n', boot: 'first' }),
      () => health.podReport('n', report('first', 1, 'Running')),
      () => health.podReport('n', report('first', 1, 'Running')),
      () => health.podReport('n', { ...report('first', 2, 'Running'), uid: 'of another life' }),
      () => health.nodeReport('n', { boot: 'first', sequence: 1, status: { phase: 'Running' } }),
      () => health.nodeReport('n', { boot: 'first', sequence: 1, status: { phase: 'Running' } }),
      () => health.incident('n', incident),
      () => health.token('n', wish).catch(() => undefined),
    ];
    let at = 0;
    for (isRefusing of [true, false]) {
      for (const send of messages) {
        clock.advanceTo((at += 100_000));
        await send();
        expect(new RecordedOutside(heartbeats.outside()).factOf('heartbeats', 'n')).toBe(at);
      }
    }
    await stop();
  });
  it('gives a node the tokens that the volumes of its pods ask for, and no others', async () => {
    const { health, pod, stop } = await started();
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
    await stop();
  });
  it('sends what all nodes need once, and goes on with other nodes when the changes for one cannot be sent', async () => {
    const sent: unknown[] = [];
    const faults: string[] = [];
    const { writer, health, stop } = await started({
      publish: (node, { sequence, sharedSequence, objects }) => {
        if (node === 'broken') throw new TypeError('this cannot be encoded');
        sent.push({ node, sequence, sharedSequence, streams: objects.map(({ stream }) => stream) });
      },
      onFault: (what, cause) => faults.push(`${what}: ${(cause as Error).message}`),
    });
    const at: Record<string, AssignmentSync> = {};
    for (const node of ['broken', 'n', 'm']) at[node] = await health.sync({ node, boot: 'first' });
    const shared = at['n']?.sharedSequence ?? NaN;
    const own = at['n']?.sequence ?? NaN;
    const service = { metadata: { name: 's', namespace: 'default' }, spec: { ports: [{ port: 80 }] } };
    await writer.submit(testCreate('core.services', service));
    const services = ['core.services/default/s'];
    expect(sent).toEqual([{ node: undefined, sequence: shared + 1, sharedSequence: undefined, streams: services }]);
    for (const name of ['broken', 'n']) {
      const body = {
        metadata: { name: `on-${name}`, namespace: 'default' },
        spec: { nodeName: name, containers: [{ name: 'c', image: 'i' }] },
      };
      await writer.submit(testCreate('core.pods', body));
    }
    expect(sent.slice(1)).toEqual([
      { node: 'n', sequence: own + 1, sharedSequence: shared + 1, streams: ['core.pods/default/on-n'] },
    ]);
    expect(faults).toEqual(['changes for node broken: this cannot be encoded']);
    await stop();
  });
  it('hands a node nothing while it holds exactly what it is to hold', async () => {
    const { writer, health, stop } = await started();
    const service = (name: string) => ({ metadata: { name, namespace: 'default' }, spec: { ports: [{ port: 80 }] } });
    await writer.submit(testCreate('core.services', service('s')));
    const ask = (held?: Digests) => health.sync({ node: 'n', boot: 'first', ...(held && { held }) });
    const isShared = ({ stream }: AssignedObject): boolean =>
      /^(core\.(services|namespaces)|node-places)\//.test(stream);
    const digests = ({ objects }: AssignmentSync): Digests => ({
      shared: assignmentDigest(objects.filter(isShared)),
      own: assignmentDigest(objects.filter((object) => !isShared(object))),
    });
    const whole = await ask();
    expect(whole.objects.map(({ stream }) => stream)).toEqual([
      'core.nodes/_/n',
      'core.pods/default/p',
      'core.services/default/s',
      'core.namespaces/_/default',
      'node-places/_/n',
    ]);
    const held = digests(whole);
    expect(await ask(held)).toEqual({ ...whole, same: ['own', 'shared'], objects: [] });
    const other = await ask({ ...held, own: held.shared });
    expect([other.same, other.objects.length]).toEqual([['shared'], 2]);
    await writer.submit(testCreate('core.services', service('t')));
    const after = await ask(held);
    expect([after.same, after.objects.length]).toEqual([['own'], 4]);
    expect((await ask({ ...held, shared: digests(after).shared })).same).toEqual(['own', 'shared']);
    await stop();
  });
  it('calls no pod gone that its view does not have yet: the agent may know it from another process', async () => {
    const { plane, writer, report, stop } = await started();
    const held: (() => void)[] = [];
    let isLagging = false;
    const { log } = plane.options;
    const lagging = testPlane(
      new MemoryEventLog({
        store: (log as MemoryEventLog).store,
        deliver: (work) => (isLagging ? held.push(work) : queueMicrotask(work)),
      }),
      registry,
    );
    await lagging.start();
    isLagging = true;
    await writer.submit(
      testCreate('core.pods', {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'q', namespace: 'default' },
        spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
      }),
    );
    const { uid } = (plane.reads.projection.get({ id: 'core.pods' }, 'default', 'q') as KubeObject).metadata;
    const { clock, ids } = plane.options;
    const behind = new Health({
      ...{ reads: lagging.reads, commands: writer, heartbeats: new Heartbeats(clock), clock, ids },
      publish: () => undefined,
      signToken: () => Promise.resolve({ token: 'token', expires: '' }),
    });
    const kubeApiAccess = { audience: '', expirationSeconds: 3607 };
    const answers = Promise.all([
      behind.podReport('n', { ...report('first', 1, 'Running'), name: 'q', uid }),
      behind.token('n', { namespace: 'default', pod: 'q', podUid: uid, ...kubeApiAccess }),
      behind.incident('n', {
        object: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'q', uid },
        ...{ type: 'Normal', reason: 'Started', message: 'it runs', count: 1, first: toTime(0), last: toTime(0) },
      }),
    ]);
    isLagging = false;
    setImmediate(() => held.forEach((work) => work()));
    expect(await answers).toMatchObject([{ taken: true }, { token: 'token' }, { taken: true }]);
    behind.stop();
    await Promise.all([lagging.stop(), stop()]);
  });
  it('answers that a pod of another node, or of another life, is gone', async () => {
    const { health, report, stop } = await started();
    expect(await health.podReport('m', report('first', 1, 'Running'))).toMatchObject({ taken: false, gone: true });
    const other = { ...report('first', 1, 'Running'), uid: 'another' };
    expect(await health.podReport('n', other)).toMatchObject({ taken: false, gone: true });
    await stop();
  });
});
