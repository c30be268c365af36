import type { Container, PodSpec } from '#pod';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { recordProbe, type ProbeOutcome } from './probes.js';
import { delayInWords, nextBackOff, noBackOff } from './record.js';
import { imageNameProblem } from './image-name.js';
import { aPod, GivenPod } from './testing/given-pod.js';

const container = (name: string, more: Partial<Container> = {}): Container => ({ name, image: 'img:1', ...more });
const conditionsOf = (plan: {
  status: { conditions?: readonly { type: string; status: string; reason?: string; message?: string }[] };
}) => (plan.status.conditions ?? []).map((c) => [c.type, c.status, c.reason, c.message].filter(Boolean).join(' '));

describe('a pod that comes up', () => {
  it('gets volumes, then a sandbox, then its containers', () => {
    const given = new GivenPod(aPod());
    given.record = { ...given.record, volumesReady: false };
    expect(given.look().actions).toEqual([{ do: 'volumes' }]);
    given.record = { ...given.record, volumesReady: true };
    expect(given.look().actions).toEqual([{ do: 'sandbox', attempt: 0 }]);
    const plan = given.settle();
    expect(given.running()).toEqual(['c/0']);
    expect(plan.status.phase).toBe('Running');
    expect(conditionsOf(plan)).toEqual([
      'PodReadyToStartContainers True',
      'Initialized True',
      'Ready True',
      'ContainersReady True',
      'PodScheduled True',
    ]);
  });
  it('leaves one ended sandbox behind, however many could not be started', () => {
    const given = new GivenPod(aPod());
    for (let attempt = 0; attempt < 5; attempt++) {
      given.settle();
      given.containers = given.containers.map((c) => ({ ...c, state: 'exited', exitCode: 128 }));
      const left = given.containers.filter(({ labels }) => labels.role === 'infra').map(({ labels }) => labels.attempt);
      expect(left).toEqual([attempt]);
      expect(given.look().actions).toContainEqual({ do: 'sandbox', attempt: attempt + 1 });
    }
  });
  it('waits for each init container, and says which are incomplete', () => {
    const given = new GivenPod(aPod({ initContainers: [container('i1'), container('i2')] }));
    const plan = given.settle();
    expect(given.running()).toEqual(['i1/0']);
    expect(plan.status.phase).toBe('Pending');
    expect(conditionsOf(plan)[1]).toBe(
      'Initialized False ContainersNotInitialized containers with incomplete status: [i1 i2]',
    );
    expect(plan.status.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
    given.end('i1', 0).settle();
    given.end('i2', 0).settle();
    expect(given.running()).toEqual(['c/0']);
  });
  it('fails for good when an init container does and nothing restarts it', () => {
    const given = new GivenPod(aPod({ restartPolicy: 'Never', initContainers: [container('i1')] }));
    given.settle();
    const plan = given.end('i1', 6).settle();
    expect(plan.status.phase).toBe('Failed');
    expect(conditionsOf(plan).slice(1, 4)).toEqual([
      'Initialized False ContainersNotInitialized containers with incomplete status: [i1]',
      'Ready False PodFailed',
      'ContainersReady False PodFailed',
    ]);
  });
  it('holds the next container back until a sidecar has started', () => {
    const sidecar = container('s', { restartPolicy: 'Always', startupProbe: { exec: { command: ['x'] } } });
    const given = new GivenPod(aPod({ initContainers: [sidecar] }));
    given.settle();
    expect(given.running()).toEqual(['s/0']);
    const observed = given.newest('s');
    given.record = recordProbe(
      given.pod,
      given.record,
      observed,
      { kind: 'startup', container: 's', containerId: observed?.id ?? '', result: 'success', output: '' },
      given.now,
    ).record;
    given.settle();
    expect(given.running()).toEqual(['s/0', 'c/0']);
  });
});

describe('a container that ended', () => {
  it.each<[PodSpec['restartPolicy'], number, string[], string]>([
    ['Always', 0, ['c/1'], 'Running'],
    ['Always', 1, ['c/1'], 'Running'],
    ['OnFailure', 0, [], 'Succeeded'],
    ['OnFailure', 1, ['c/1'], 'Running'],
    ['Never', 0, [], 'Succeeded'],
    ['Never', 1, [], 'Failed'],
  ])('with policy %s and code %i', (restartPolicy, code, running, phase) => {
    const given = new GivenPod(aPod({ ...(restartPolicy && { restartPolicy }) }));
    given.settle();
    const plan = given.end('c', code).settle();
    expect(given.running()).toEqual(running);
    expect(plan.status.phase).toBe(phase);
  });
  it('is restarted by the first rule that matches its code', () => {
    const rules = container('c', {
      restartPolicy: 'Never',
      restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
    });
    const given = new GivenPod(aPod({ restartPolicy: 'Never', containers: [rules] }));
    given.settle();
    given.end('c', 42).settle();
    expect(given.running()).toEqual(['c/1']);
    expect(given.end('c', 43).settle().status.phase).toBe('Failed');
  });
  it('is shown as ended first, then as waiting for its next start, with the last end kept', () => {
    const given = new GivenPod(aPod());
    given.settle();
    given.end('c', 1).settle();
    let plan = given.wait(50).end('c', 1).settle();
    expect(plan.status.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      state: { terminated: { exitCode: 1 } },
    });
    plan = given.wait(3000).settle();
    expect(plan.status.containerStatuses?.[0]).toMatchObject({
      state: {
        waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container=c pod=p_default(u)' },
      },
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
    });
    given.wait(7000).settle();
    expect(given.running()).toEqual(['c/2']);
  });
  it('is kept when it started after the wall clock was set back: times do not tell which sandbox it has', () => {
    const given = new GivenPod(aPod());
    given.settle();
    given.end('c', 1).wait(-3_600_000).settle();
    given.wait(20_000).settle();
    expect(given.running()).toEqual(['c/1']);
    expect(given.settle().actions).toEqual([]);
    expect(given.stopping).toEqual({});
  });
  it('waits longer each time, five minutes at most, and from the start again after ten quiet ones', () => {
    let backOff = noBackOff;
    const delays: string[] = [];
    for (let i = 0; i < 8; i++) {
      backOff = nextBackOff(backOff, i);
      delays.push(delayInWords(backOff.delayMs));
    }
    expect(delays).toEqual(['10s', '20s', '40s', '1m20s', '2m40s', '5m0s', '5m0s', '5m0s']);
    expect(nextBackOff(backOff, 600_008).delayMs).toBe(10_000);
  });
});

describe('probes', () => {
  const probed = (more: Partial<Container>, restartPolicy: PodSpec['restartPolicy'] = 'Always'): GivenPod => {
    const given = new GivenPod(aPod({ ...(restartPolicy && { restartPolicy }), containers: [container('c', more)] }));
    given.settle();
    return given;
  };
  const answer = (given: GivenPod, kind: ProbeOutcome['kind'], result: ProbeOutcome['result']): readonly string[] => {
    const observed = given.newest('c');
    const taken = recordProbe(
      given.pod,
      given.record,
      observed,
      { kind, container: 'c', containerId: observed?.id ?? '', result, output: 'bad' },
      given.now,
    );
    given.record = taken.record;
    return taken.incidents.map(({ reason, message }) => `${reason}: ${message}`);
  };
  const asked = (given: GivenPod): readonly string[] =>
    given.look().actions.flatMap((a) => (a.do === 'probe' ? [a.kind] : []));

  it('asks the startup probe alone until it succeeds, then the others after their delay', () => {
    const given = probed({
      startupProbe: { exec: {} },
      livenessProbe: { exec: {}, initialDelaySeconds: 5 },
      readinessProbe: { exec: {} },
    });
    expect(asked(given)).toEqual(['startup']);
    answer(given, 'startup', 'success');
    expect(asked(given)).toEqual(['readiness']);
    given.wait(5000);
    expect(asked(given)).toEqual(['liveness', 'readiness']);
  });
  it('is unready until the first success and after as many failures as the threshold says', () => {
    const given = probed({ readinessProbe: { exec: {}, failureThreshold: 2 } });
    expect(conditionsOf(given.look())[2]).toBe('Ready False ContainersNotReady containers with unready status: [c]');
    answer(given, 'readiness', 'success');
    expect(conditionsOf(given.look())[2]).toBe('Ready True');
    answer(given, 'readiness', 'failure');
    expect(conditionsOf(given.look())[2]).toBe('Ready True');
    answer(given, 'readiness', 'failure');
    expect(conditionsOf(given.look())[2]).toMatch('Ready False');
  });
  it('tells of answers that are not well, and takes a warning for well', () => {
    const given = probed({ readinessProbe: { exec: {}, failureThreshold: 1 } });
    expect(answer(given, 'readiness', 'success')).toEqual([]);
    expect(answer(given, 'readiness', 'failure')).toEqual(['Unhealthy: Readiness probe failed: bad']);
    expect(conditionsOf(given.look())[2]).toMatch('Ready False');
    expect(answer(given, 'readiness', 'warning')).toEqual(['ProbeWarning: Readiness probe warning: bad']);
    expect(conditionsOf(given.look())[2]).toBe('Ready True');
    expect(answer(given, 'readiness', 'unknown')[0]).toMatch(
      'Unhealthy: Readiness probe errored and resulted in unknown',
    );
    expect(conditionsOf(given.look())[2]).toBe('Ready True');
  });
  it('restarts what fails its liveness probe, with the grace period of the probe', () => {
    const given = probed({ livenessProbe: { exec: {}, failureThreshold: 1, terminationGracePeriodSeconds: 3 } });
    answer(given, 'liveness', 'failure');
    const plan = given.look();
    expect(plan.actions).toMatchObject([{ do: 'stop', container: 'c', deadline: given.now + 3000 }]);
    expect(plan.incidents).toEqual([
      {
        type: 'Normal',
        reason: 'Killing',
        message: 'Container c failed liveness probe, will be restarted',
        container: 'c',
      },
    ]);
  });
  it('ends the pod when nothing restarts what fails', () => {
    const given = probed(
      { livenessProbe: { exec: {}, failureThreshold: 1, terminationGracePeriodSeconds: 3 } },
      'Never',
    );
    answer(given, 'liveness', 'failure');
    const plan = given.look();
    expect(plan.actions).toMatchObject([{ do: 'stop', container: 'c', deadline: given.now + 30_000 }]);
    expect(plan.incidents[0]?.message).toBe('Stopping container c');
  });
});

describe('a pod that goes', () => {
  const deleted = (given: GivenPod, seconds: number): void => {
    given.pod = {
      ...given.pod,
      metadata: {
        ...given.pod.metadata,
        generation: 2,
        deletionTimestamp: '2026-01-01T12:00:30Z',
        deletionGracePeriodSeconds: seconds,
      },
    };
  };
  it('stops its containers, sidecars last and in reverse, then all is cleaned away', () => {
    const given = new GivenPod(
      aPod({
        initContainers: [container('s1', { restartPolicy: 'Always' }), container('s2', { restartPolicy: 'Always' })],
        containers: [container('a'), container('b')],
      }),
    );
    given.settle();
    deleted(given, 30);
    const stopped = (): readonly string[] =>
      Object.keys(given.stopping).map((id) => given.containers.find((c) => c.id === id)?.labels.container ?? '');
    given.settle();
    expect(stopped()).toEqual(['a', 'b']);
    given.end('a', 0).end('b', 0).settle();
    expect(stopped()).toEqual(['s2']);
    given.end('s2', 0).settle();
    expect(stopped()).toEqual(['s1']);
    const plan = given.end('s1', 0).settle();
    expect(plan).toMatchObject({ finished: true, status: { phase: 'Succeeded', observedGeneration: 2 } });
  });
  it('fails when its deadline passes', () => {
    const given = new GivenPod(aPod({ activeDeadlineSeconds: 5 }));
    expect(given.settle().wakeAt).toBe(given.record.startedAt + 5000);
    given.wait(5000).settle();
    const plan = given.end('c', 0).settle();
    expect(plan.status).toMatchObject({
      phase: 'Failed',
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    });
  });
});

describe('image names', () => {
  it.each([
    ['busybox', undefined],
    ['registry.k8s.io/a/b:1.0', undefined],
    ['localhost:5000/x@sha256:' + 'a'.repeat(64), undefined],
    ['UPPER', ': repository name (library/UPPER) must be lowercase'],
    ['Not/An:Image:Name', ': repository name (An) must be lowercase'],
    ['a b', ''],
  ])('%s', (name, why) => {
    expect(imageNameProblem(name)).toBe(
      why === undefined
        ? undefined
        : `Failed to apply default image tag "${name}": couldn't parse image name "${name}": invalid reference format${why}`,
    );
  });
});

describe('whatever happens', () => {
  const spec = fc.record({
    restartPolicy: fc.constantFrom<PodSpec['restartPolicy']>('Always', 'OnFailure', 'Never'),
    initContainers: fc.subarray([container('i1'), container('s', { restartPolicy: 'Always' }), container('i2')]),
    containers: fc.constantFrom([container('a')], [container('a'), container('b')]),
  });
  const happening = fc.oneof(
    fc.record({
      is: fc.constant('end' as const),
      name: fc.constantFrom('i1', 's', 'i2', 'a', 'b', 'POD'),
      code: fc.constantFrom(0, 1),
    }),
    fc.record({ is: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 400_000 }) }),
    fc.record({ is: fc.constant('delete' as const) }),
  );

  it('keeps the order of containers, one attempt of each at a time, and never leaves an end', () => {
    fc.assert(
      fc.property(spec, fc.array(happening, { maxLength: 14 }), (pod, happenings) => {
        const given = new GivenPod(aPod(pod as Partial<PodSpec>));
        let ended: string | undefined;
        let deleted = false;
        for (const one of [...happenings, { is: 'wait' as const, ms: 1 }]) {
          if (one.is === 'end') given.end(one.name, one.code);
          else if (one.is === 'wait') given.wait(one.ms);
          else {
            deleted = true;
            given.pod = {
              ...given.pod,
              metadata: {
                ...given.pod.metadata,
                deletionTimestamp: '2026-01-01T12:00:00Z',
                deletionGracePeriodSeconds: 1,
              },
            };
          }
          const before = given.situation();
          const plan = given.settle();
          expect(given.look().status).toEqual(plan.status);
          const running = given.running().map((name) => name.split('/')[0]);
          expect(new Set(running).size).toBe(running.length);
          const appRuns = running.some((name) => name === 'a' || name === 'b');
          if (appRuns)
            for (const init of ['i1', 'i2'])
              if (pod.initContainers.some((c) => c.name === init)) expect(given.newest(init)?.exitCode ?? 0).toBe(0);
          const stops = Object.keys(given.stopping).length;
          // Nothing is stopped unless the pod goes, has done its work, or lost its sandbox.
          if (stops > 0)
            expect(
              deleted ||
                ended !== undefined ||
                given.record.endBy !== undefined ||
                before.containers.some((c) => c.labels.role === 'infra' && c.state === 'exited'),
            ).toBe(true);
          if (ended !== undefined) expect(plan.status.phase).toBe(ended);
          if (plan.status.phase === 'Succeeded' || plan.status.phase === 'Failed') ended = plan.status.phase;
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('a pod that is being stopped', () => {
  const probed = container('c', {
    readinessProbe: { exec: { command: ['r'] }, periodSeconds: 5, failureThreshold: 1 },
    livenessProbe: { exec: { command: ['l'] }, periodSeconds: 5, failureThreshold: 1 },
  });
  const answer = (given: GivenPod, kind: 'readiness' | 'liveness', result: 'success' | 'failure'): void => {
    const observed = given.newest('c');
    const outcome = { kind, container: 'c', containerId: observed?.id ?? '', result, output: '' };
    given.record = recordProbe(given.pod, given.record, observed, outcome, given.now).record;
  };

  it('is asked whether it is ready, and not whether it lives, so that it can drain', () => {
    const given = new GivenPod(aPod({ containers: [probed] }));
    given.settle();
    answer(given, 'readiness', 'success');
    answer(given, 'liveness', 'success');
    expect(conditionsOf(given.settle())[2]).toBe('Ready True');
    given.pod = aPod(
      { containers: [probed] },
      { deletionTimestamp: '2026-01-01T12:01:00Z', deletionGracePeriodSeconds: 30 },
    );
    expect(given.settle().wakeAt).toBe(given.now + 5000);
    given.wait(5000);
    expect(given.look().actions).toMatchObject([{ do: 'probe', kind: 'readiness' }]);
    answer(given, 'readiness', 'failure');
    const plan = given.settle();
    expect(conditionsOf(plan)[2]).toBe('Ready False ContainersNotReady containers with unready status: [c]');
    expect(plan.actions).toEqual([]);
    given.wait(10_000);
    expect(given.look().actions).toMatchObject([{ do: 'probe', kind: 'readiness' }]);
    expect(given.end('c', 0).settle()).toMatchObject({ finished: true, status: { phase: 'Succeeded' } });
  });
});
