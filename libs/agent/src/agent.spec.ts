import { describe, expect, it } from '@jest/globals';
import type { FakeProgram } from '#adapters';
import { ByteStream } from '#engine';
import { TestNode, testPod } from './test-node.js';

const programs =
  (byContainer: Readonly<Record<string, FakeProgram>>) =>
  (spec: { labels: { container: string } }): FakeProgram =>
    byContainer[spec.labels.container] ?? { stopsAfterMs: 10 };

describe('the agent', () => {
  it('starts what it is assigned, reports once per change, and cleans up after a deletion', async () => {
    const node = new TestNode();
    await node.start();
    const pod = testPod('web');
    node.assign(pod);
    await node.run(1000);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
    expect(node.status('web')).toMatchObject({
      phase: 'Running',
      podIP: expect.stringMatching(/^10\.244\.3\./),
      hostIP: '10.0.0.1',
    });
    expect(node.condition('web', 'Ready')).toBe('True');
    const reports = node.reports.length;
    await node.run(120_000);
    expect(node.reports.length).toBe(reports);

    node.requestDeletion(pod, 30);
    await node.run(1000);
    expect(node.runtime.list()).toEqual([]);
    expect(node.reports.at(-1)).toMatchObject({ finished: true, status: { phase: 'Succeeded' } });
    expect(node.said('web', 'Killing')).toEqual(['Stopping container c']);
    node.delete(pod);
    await node.run(1000);
    expect(await node.volumes.pods()).toEqual([]);
    expect(node.agent.pod('default', 'web')).toBeUndefined();
  });

  it('kills what ignores SIGTERM when the grace period is over, earlier when a shorter one is asked for', async () => {
    const node = new TestNode({ program: programs({ c: {} }) });
    await node.start();
    const pod = testPod('deaf');
    node.assign(pod);
    await node.run(1000);
    node.requestDeletion(pod, 30);
    await node.run(10_000);
    expect(node.running('deaf')).toContain('c/0');
    node.requestDeletion(pod, 2);
    await node.run(1900);
    expect(node.running('deaf')).toContain('c/0');
    await node.run(500);
    expect(node.running('deaf')).toEqual([]);
    expect(node.reports.at(-1)).toMatchObject({
      finished: true,
      status: { phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 137, reason: 'Error' } } }] },
    });
  });

  it('keeps running what it runs when the control plane is away, and goes on restarting it', async () => {
    const node = new TestNode();
    await node.start();
    node.assign(
      testPod('web', {
        containers: [
          {
            name: 'c',
            image: 'img:1',
            livenessProbe: { httpGet: { port: 80 }, periodSeconds: 1, failureThreshold: 1 },
          },
        ],
      }),
    );
    await node.run(1000);
    node.hub.fate = () => [];
    let failures = 1;
    node.probe = () =>
      failures-- > 0
        ? { result: 'failure', output: 'HTTP probe failed with statuscode: 500' }
        : { result: 'success', output: '' };
    await node.run(6000);
    expect(node.running('web')).toEqual(['POD/0', 'c/1']);
    node.hub.fate = () => [0];
    await node.run(30_000);
    expect(node.status('web').containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true });
    expect(node.said('web', 'Killing')).toEqual(['Container c failed liveness probe, will be restarted']);
  });

  it('never stops a pod that is only missing from one sync, or from an old one, or from another cluster', async () => {
    const node = new TestNode();
    await node.start();
    const pod = testPod('web');
    node.assign(pod);
    await node.run(1000);
    const kept = new Map(node.objects);
    node.objects.delete('core.pods/default/web');
    const { position } = node;
    node.position = position - 5;
    await node.run(90_000);
    node.position = position + 5;
    node.cluster = 'other';
    await node.run(90_000);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
    node.cluster = 'c1';
    await node.run(31_000);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
    node.objects.set('core.pods/default/web', kept.get('core.pods/default/web') as never);
    node.position += 1;
    await node.run(90_000);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
    node.objects.delete('core.pods/default/web');
    node.position += 1;
    await node.run(95_000);
    expect(node.running('web')).toEqual([]);
  });

  it('asks again after a gap in the changes', async () => {
    const node = new TestNode();
    await node.start();
    node.hub.fate = ({ subject }) => (subject.endsWith('.change') ? [] : [0]);
    node.assign(testPod('lost'));
    await node.run(10);
    node.hub.fate = () => [0];
    node.assign(testPod('next'));
    await node.run(1000);
    expect(node.running('lost')).toEqual(['POD/0', 'c/0']);
    expect(node.running('next')).toEqual(['POD/0', 'c/0']);
  });

  it('asks again when a Service did not arrive that was there before a pod, and after a gap in the Services', async () => {
    const service = (name: string) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'default', uid: name },
      spec: { clusterIP: '10.96.0.9', ports: [{ port: 80 }] },
    });
    const variables = new Map<string, readonly string[]>();
    const node = new TestNode({
      program: ({ labels, env }) => {
        if (labels.container === 'c')
          variables.set(
            labels.pod,
            env.map(([name]) => name),
          );
        return { stopsAfterMs: 10 };
      },
    });
    await node.start();
    node.hub.fate = ({ subject }) => (subject === 'shared.change' ? [] : [0]);
    node.assign(service('lost'), 'core.services/default/lost');
    node.assign(testPod('web'));
    await node.run(1000);
    expect(variables.get('web')).toContain('LOST_SERVICE_HOST');
    node.assign(service('also-lost'), 'core.services/default/also-lost');
    node.hub.fate = () => [0];
    node.assign(service('seen'), 'core.services/default/seen');
    await node.run(100);
    node.assign(testPod('late'));
    await node.run(1000);
    expect(variables.get('late')).toEqual(expect.arrayContaining(['ALSO_LOST_SERVICE_HOST', 'SEEN_SERVICE_HOST']));
    expect(node.syncs).toEqual(['whole', 'whole', 'whole']);
  });

  it('adopts what runs after a restart, even while it is cut off, and nobody sees it', async () => {
    const node = new TestNode();
    await node.start();
    const pod = testPod('web', {
      containers: [
        {
          name: 'c',
          image: 'img:1',
          readinessProbe: { tcpSocket: { port: 80 } },
          startupProbe: { tcpSocket: { port: 80 } },
        },
      ],
    });
    node.assign(pod);
    await node.run(15_000);
    const status = node.status('web');
    expect(status.containerStatuses?.[0]).toMatchObject({ ready: true, started: true });
    node.assign({ ...pod, status });
    await node.run(1000);
    const ids = node.runtime.list().map((c) => c.id);
    const before = node.reports.length;
    node.probe = () => ({ result: 'unknown', output: '' });
    node.hub.fate = () => [];
    await node.restartAgent();
    await node.run(5000);
    node.hub.fate = () => [0];
    await node.run(60_000);
    expect(node.runtime.list().map((c) => c.id)).toEqual(ids);
    const after = node.reports.slice(before).map((r) => r.status);
    for (const report of after) expect(report).toEqual(status);
  });

  it('removes what was left by pods that were deleted while the agent was away', async () => {
    const node = new TestNode();
    await node.start();
    const pod = testPod('web');
    node.assign(pod);
    await node.run(1000);
    await node.agent.stop();
    node.delete(pod, true);
    await node.restartAgent();
    await node.run(20_000);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
    await node.run(60_000);
    expect(node.runtime.list()).toEqual([]);
  });

  it('reports again until the report is taken', async () => {
    const node = new TestNode();
    await node.start();
    node.takes = false;
    node.assign(testPod('web'));
    await node.run(5000);
    expect(node.reports).toEqual([]);
    node.takes = true;
    await node.run(15_000);
    expect(node.status('web').phase).toBe('Running');
  });

  it('refuses a pod that does not fit', async () => {
    const node = new TestNode();
    await node.start();
    node.assign(
      testPod('big', { containers: [{ name: 'c', image: 'img:1', resources: { requests: { cpu: '200' } } }] }),
    );
    await node.run(1000);
    expect(node.status('big')).toMatchObject({
      phase: 'Failed',
      reason: 'OutOfcpu',
      message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 200000, used: 0, capacity: 4000",
    });
    expect(node.status('big').containerStatuses).toBeUndefined();
    expect(node.runtime.list()).toEqual([]);
  });

  it('holds crashed containers back, longer each time', async () => {
    const node = new TestNode({ program: programs({ c: { runsForMs: 100, exitCode: 1 } }) });
    await node.start();
    node.assign(testPod('crash'));
    await node.run(1500);
    const attempts = (): number => Math.max(...node.runtime.list().map((c) => c.labels.attempt));
    expect(attempts()).toBe(1);
    await node.run(4000);
    expect(node.status('crash').containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      state: {
        waiting: {
          reason: 'CrashLoopBackOff',
          message: 'back-off 10s restarting failed container=c pod=crash_default(uid-crash)',
        },
      },
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
    });
    await node.run(6000);
    expect(attempts()).toBe(2);
    await node.run(18_000);
    expect(attempts()).toBe(2);
    await node.run(3000);
    expect(attempts()).toBe(3);
    expect(node.runtime.list().filter((c) => c.labels.container === 'c').length).toBe(2);
    expect(node.said('crash', 'BackOff')[0]).toBe(
      'Back-off restarting failed container c in pod crash_default(uid-crash)',
    );
  });

  it('runs init containers one after the other, then the rest, and stops sidecars last', async () => {
    const node = new TestNode({
      program: programs({ i1: { runsForMs: 50 }, i2: { runsForMs: 50 }, c: { runsForMs: 2000 } }),
    });
    await node.start();
    node.assign(
      testPod('job', {
        restartPolicy: 'Never',
        initContainers: [
          { name: 'i1', image: 'img:1' },
          { name: 's', image: 'img:1', restartPolicy: 'Always' },
          { name: 'i2', image: 'img:1' },
        ],
      }),
    );
    await node.run(1000);
    expect(node.running('job')).toEqual(['POD/0', 'c/0', 's/0']);
    await node.run(3000);
    expect(node.status('job')).toMatchObject({ phase: 'Succeeded' });
    expect(node.running('job')).toEqual([]);
    const order = [...node.runtime.list()]
      .sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0))
      .map((c) => c.labels.container);
    expect(order).toEqual(['i1', 's', 'i2', 'c']);
  });

  it('makes a new sandbox, and all containers in it, when the sandbox dies', async () => {
    const node = new TestNode();
    await node.start();
    node.assign(testPod('web'));
    await node.run(1000);
    const sandbox = node.runtime.list().find((c) => c.labels.role === 'infra');
    node.runtime.crash(sandbox?.id ?? '');
    await node.run(3000);
    expect(node.running('web')).toEqual(['POD/1', 'c/1']);
    expect(node.condition('web', 'Ready')).toBe('True');
    for (const attempt of [1, 2, 3, 4]) {
      const now = node.runtime.list().find((c) => c.labels.role === 'infra' && c.labels.attempt === attempt);
      node.runtime.crash(now?.id ?? '');
      await node.run(600_000);
    }
    // One that has ended is kept beside the one that runs, no more.
    expect(node.running('web')).toEqual(['POD/5', 'c/5']);
    expect(node.runtime.list().filter((c) => c.labels.role === 'infra').length).toBeLessThanOrEqual(2);
  });

  it('starts everything again after the machine was without power', async () => {
    const node = new TestNode();
    await node.start();
    node.assign(testPod('web', { initContainers: [{ name: 'i', image: 'img:1' }] }));
    await node.run(100);
    node.runtime.crash(node.runtime.list().find((c) => c.labels.container === 'i')?.id ?? '', 0);
    await node.run(1000);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
    node.runtime.powerLoss();
    await node.restartAgent();
    await node.run(1000);
    node.runtime.crash(
      node.runtime.list().find((c) => c.labels.container === 'i' && c.state === 'running')?.id ?? '',
      0,
    );
    await node.run(15_000);
    expect(node.running('web')).toEqual(['POD/1', 'c/1']);
  });

  it('survives an engine that fails and answers that get lost', async () => {
    let n = 0;
    const node = new TestNode({
      fault: (operation) =>
        operation !== 'prepare' && ++n % 3 === 0
          ? { message: 'engine trouble', reason: 'unavailable', lost: n % 2 === 0 }
          : undefined,
    });
    await node.start();
    const pod = testPod('web', { initContainers: [{ name: 'i', image: 'img:1', restartPolicy: 'Always' }] });
    node.assign(pod);
    await node.run(120_000);
    expect(node.running('web')).toEqual([expect.stringMatching(/^POD/), 'c/0', 'i/0']);
    node.requestDeletion(pod, 5);
    await node.run(120_000);
    expect(node.runtime.list()).toEqual([]);
    expect(node.reports.at(-1)?.finished).toBe(true);
  });

  it('sends logs over a stream, and says why there are none', async () => {
    const node = new TestNode({ program: programs({ c: { output: 'one\ntwo\nthree\n', stopsAfterMs: 1 } }) });
    await node.start();
    node.assign(testPod('web'));
    await node.run(1000);
    const request = {
      namespace: 'default',
      pod: 'web',
      uid: 'uid-web',
      container: 'c',
      follow: false,
      previous: false,
      timestamps: false,
    };
    const stream = new ByteStream({ bus: node.health, clock: node.clock, subject: 'stream.n1.1', side: 'client' });
    expect(await node.askForLog({ ...request, tailLines: 2 }, 'stream.n1.1')).toEqual({ opened: true });
    const reading = (async () => {
      let text = '';
      for await (const chunk of stream) text += new TextDecoder().decode(chunk.data);
      return text;
    })();
    await node.run(2000);
    expect(await reading).toBe('two\nthree\n');
    expect(await node.askForLog({ ...request, previous: true }, 'stream.n1.2')).toMatchObject({
      opened: false,
      code: 400,
      message: 'previous terminated container "c" in pod "web" not found',
    });
  });
});
