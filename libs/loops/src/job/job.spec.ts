import { describe, expect, test } from '@jest/globals';
import { jobs, pods as podsRef, type Job } from '#kinds';
import { type Pod } from '#pod';
import { toTime } from '#std';
import { NOW, incidentsIn, podsIn, type TestCluster } from '../shared/testing/index.js';
import { job } from './index.js';
import { isTracked } from './pod-marks.js';
import {
  clusterOf,
  conditionsIn,
  end,
  endAll,
  makeJob,
  running,
  statusIn,
  type JobSpec,
} from './testing/job-cluster.js';

describe('a job', () => {
  test('runs its pod, counts it and is complete', () => {
    const cluster = clusterOf();
    makeJob(cluster);
    cluster.settle();
    expect(podsIn(cluster)).toHaveLength(1);
    expect(podsIn(cluster).every(isTracked)).toBe(true);
    expect(statusIn(cluster)).toEqual({
      ...{ active: 1, ready: 0, terminating: 0, uncountedTerminatedPods: {} },
      startTime: toTime(NOW),
    });
    endAll(cluster);
    expect(statusIn(cluster)).toMatchObject({
      ...{ succeeded: 1, ready: 0, terminating: 0, uncountedTerminatedPods: {} },
      completionTime: toTime(NOW),
    });
    expect(conditionsIn(cluster)).toEqual([
      'SuccessCriteriaMet=True CompletionsReached',
      'Complete=True CompletionsReached',
    ]);
    expect(podsIn(cluster).some(isTracked)).toBe(false);
    expect(incidentsIn(cluster, 'Job')).toEqual([
      'Completed: Job completed (1)',
      `SuccessfulCreate: Created pod: ${podsIn(cluster)[0]?.metadata.name} (1)`,
    ]);
  });

  test('never runs more pods than its parallelism, nor more than are left to complete', () => {
    const cluster = clusterOf();
    makeJob(cluster, { completions: 5, parallelism: 2 });
    for (const left of [2, 2, 1, 0]) {
      cluster.settle();
      expect(running(cluster)).toHaveLength(left);
      endAll(cluster);
    }
    expect(podsIn(cluster)).toHaveLength(5);
    expect(statusIn(cluster)).toMatchObject({ succeeded: 5 });
  });

  test('gives each completion its index, as annotation, label, variable and hostname', () => {
    const cluster = clusterOf();
    makeJob(cluster, { completions: 3, parallelism: 2, completionMode: 'Indexed' });
    cluster.settle();
    const [first] = podsIn(cluster);
    expect(first?.metadata).toMatchObject({
      generateName: 'work-0-',
      labels: { 'batch.kubernetes.io/job-completion-index': '0' },
      annotations: { 'batch.kubernetes.io/job-completion-index': '0' },
    });
    expect(first?.metadata.name).toMatch(/^work-0-[a-z0-9]{5}$/);
    expect(first?.spec).toMatchObject({
      hostname: 'work-0',
      containers: [
        {
          env: [
            {
              name: 'JOB_COMPLETION_INDEX',
              valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } },
            },
          ],
        },
      ],
    });
    endAll(cluster);
    expect(statusIn(cluster)).toMatchObject({ succeeded: 2, completedIndexes: '0,1', active: 1 });
    endAll(cluster);
    expect(statusIn(cluster)).toMatchObject({ succeeded: 3, completedIndexes: '0-2' });
    expect(
      new Set(podsIn(cluster).map((pod) => pod.metadata.labels?.['batch.kubernetes.io/job-completion-index'])),
    ).toEqual(new Set(['0', '1', '2']));
  });

  test('waits longer after each failure, and fails beyond its limit', () => {
    const cluster = clusterOf();
    makeJob(cluster, { backoffLimit: 2 });
    cluster.settle();
    endAll(cluster, 1);
    expect(running(cluster)).toHaveLength(0);
    cluster.pass(9_000);
    expect(running(cluster)).toHaveLength(0);
    cluster.pass(1_000);
    expect(running(cluster)).toHaveLength(1);
    endAll(cluster, 1);
    cluster.pass(19_000);
    expect(running(cluster)).toHaveLength(0);
    cluster.pass(1_000);
    endAll(cluster, 1);
    expect(statusIn(cluster)).toMatchObject({ failed: 3 });
    expect(conditionsIn(cluster)).toEqual([
      'FailureTarget=True BackoffLimitExceeded',
      'Failed=True BackoffLimitExceeded',
    ]);
    expect(statusIn(cluster).completionTime).toBeUndefined();
    cluster.pass(3_600_000);
    expect(podsIn(cluster)).toHaveLength(3);
  });

  test('is failed only when its last pod has gone, and counts all that had not ended as failed', () => {
    const cluster = clusterOf();
    makeJob(cluster, { completions: 2, parallelism: 2, backoffLimit: 0 });
    cluster.settle();
    const [one, other] = podsIn(cluster) as [Pod, Pod];
    cluster.edit(podsRef, 'default', other.metadata.name, {
      spec: { nodeName: 'node-a' },
      status: { phase: 'Running' },
    });
    end(cluster, one, 1);
    cluster.settle();
    expect(conditionsIn(cluster)).toEqual(['FailureTarget=True BackoffLimitExceeded']);
    expect(statusIn(cluster)).toMatchObject({ failed: 2, terminating: 1 });
    const going = podsIn(cluster).find((pod) => pod.metadata.deletionTimestamp !== undefined);
    expect(going && isTracked(going)).toBe(false);
    if (going) cluster.gone(going);
    cluster.settle();
    expect(conditionsIn(cluster)).toEqual([
      'FailureTarget=True BackoffLimitExceeded',
      'Failed=True BackoffLimitExceeded',
    ]);
    expect(statusIn(cluster)).toMatchObject({ failed: 2, terminating: 0 });
  });

  test('counts a pod once, wherever whoever counts it dies', () => {
    for (let survived = 0; survived < 12; survived++) {
      const cluster = clusterOf();
      makeJob(cluster, { completions: 3, parallelism: 3 });
      cluster.settle();
      for (const pod of running(cluster)) end(cluster, pod);
      // The loop dies after so many looks, of which the last is carried out in part.
      for (let look = 0; look <= survived; look++) {
        const batch = cluster.decide(job, 'default/work');
        cluster.carryOut(look < survived ? batch : { ...batch, decisions: batch.decisions.slice(0, 1) });
      }
      cluster.settle();
      expect(statusIn(cluster)).toMatchObject({ succeeded: 3, uncountedTerminatedPods: {} });
      expect(podsIn(cluster)).toHaveLength(3);
    }
  });

  test('counts pods that are deleted before they are counted', () => {
    const cluster = clusterOf();
    makeJob(cluster, { completions: 2, parallelism: 2 });
    cluster.settle();
    const [one] = podsIn(cluster) as [Pod];
    end(cluster, one);
    cluster.delete(cluster.view.get(podsRef, 'default', one.metadata.name) as Pod);
    expect(podsIn(cluster)).toHaveLength(2);
    cluster.settle();
    expect(statusIn(cluster)).toMatchObject({ succeeded: 1, active: 1 });
  });

  test('decides the same twice, so that the second creation collides with the first', () => {
    for (const completionMode of ['NonIndexed', 'Indexed'] as const) {
      const cluster = clusterOf();
      makeJob(cluster, { completions: 3, parallelism: 3, completionMode });
      cluster.carryOut(cluster.decide(job, 'default/work'));
      const [one, other] = [cluster.decide(job, 'default/work'), cluster.decide(job, 'default/work')];
      expect(other.decisions).toEqual(one.decisions);
      cluster.carryOut(one);
      cluster.carryOut(other);
      expect(podsIn(cluster)).toHaveLength(3);
    }
  });

  test('suspends and resumes: its time begins anew', () => {
    const cluster = clusterOf();
    makeJob(cluster, { suspend: true, parallelism: 2, completions: 2, activeDeadlineSeconds: 60 });
    cluster.settle();
    expect(podsIn(cluster)).toHaveLength(0);
    expect(statusIn(cluster).startTime).toBeUndefined();
    expect(conditionsIn(cluster)).toEqual(['Suspended=True JobSuspended']);
    cluster.edit(jobs, 'default', 'work', { spec: { suspend: false } });
    cluster.settle();
    expect(conditionsIn(cluster)).toEqual(['Suspended=False JobResumed']);
    expect(running(cluster)).toHaveLength(2);
    cluster.pass(30_000);
    cluster.edit(jobs, 'default', 'work', { spec: { suspend: true } });
    cluster.settle();
    expect(running(cluster)).toHaveLength(0);
    cluster.pass(60_000);
    cluster.edit(jobs, 'default', 'work', { spec: { suspend: false } });
    cluster.settle();
    expect(statusIn(cluster)).toMatchObject({ active: 2, startTime: toTime(cluster.now) });
    expect(cluster.nextWake).toBe(cluster.now + 60_000);
    cluster.pass(60_000);
    expect(conditionsIn(cluster)).toContain('Failed=True DeadlineExceeded');
    expect(statusIn(cluster)).toMatchObject({ failed: 2 });
  });

  test('stops at the indexes that failed too often, and goes on with the others', () => {
    const cluster = clusterOf();
    const limits = { backoffLimitPerIndex: 1, maxFailedIndexes: 1, backoffLimit: 2_147_483_647 };
    makeJob(cluster, { completions: 3, parallelism: 3, completionMode: 'Indexed', ...limits });
    cluster.settle();
    const [zero, one] = podsIn(cluster) as [Pod, Pod];
    end(cluster, zero, 1);
    cluster.settle();
    expect(statusIn(cluster)).toMatchObject({ active: 2, failedIndexes: '' });
    // The failed pod keeps its finalizer until the next one of its index is there.
    expect(podsIn(cluster).filter(isTracked)).toHaveLength(3);
    cluster.pass(10_000);
    expect(statusIn(cluster)).toMatchObject({ active: 3, failed: 1, failedIndexes: '' });
    const next = running(cluster).find((pod) => pod.metadata.name.startsWith('work-0-')) as Pod;
    expect(next.metadata.annotations).toMatchObject({ 'batch.kubernetes.io/job-index-failure-count': '1' });
    end(cluster, next, 1);
    cluster.settle();
    expect(statusIn(cluster)).toMatchObject({ active: 2, failed: 2, failedIndexes: '0' });
    end(cluster, one, 1);
    cluster.settle().pass(10_000);
    endAll(cluster, 1);
    expect(conditionsIn(cluster)).toContain('Failed=True MaxFailedIndexesExceeded');
  });

  test('replaces a terminating pod at once or when it has ended, as it asks', () => {
    for (const podReplacementPolicy of ['TerminatingOrFailed', 'Failed'] as const) {
      const cluster = clusterOf();
      makeJob(cluster, { podReplacementPolicy });
      cluster.settle();
      const [pod] = podsIn(cluster) as [Pod];
      cluster.edit(podsRef, 'default', pod.metadata.name, {
        spec: { nodeName: 'node-a' },
        status: { phase: 'Running' },
      });
      cluster.settle();
      cluster.delete(cluster.view.get(podsRef, 'default', pod.metadata.name) as Pod);
      cluster.settle().pass(10_000);
      const replaced = podReplacementPolicy === 'TerminatingOrFailed';
      expect(statusIn(cluster)).toMatchObject({ terminating: 1, ...(replaced && { failed: 1, active: 1 }) });
      expect(podsIn(cluster)).toHaveLength(replaced ? 2 : 1);
    }
  });

  test.each<[string, JobSpec]>([
    ['plain', {}],
    ['indexed', { completionMode: 'Indexed', completions: 1 }],
    ['with a limit for each index', { completionMode: 'Indexed', completions: 1, backoffLimitPerIndex: 1 }],
    ['with a failure policy', { podFailurePolicy: { rules: [] } }],
  ])(
    'replaces a pod that was deleted before it had a node, whatever its policy: nobody reports its end: %s',
    (_, spec) => {
      for (const finalizers of [[], ['example.com/held']]) {
        const cluster = clusterOf();
        makeJob(cluster, { podReplacementPolicy: 'Failed', ...spec });
        cluster.settle();
        const [pod] = podsIn(cluster) as [Pod];
        const all = [...(pod.metadata.finalizers ?? []), ...finalizers];
        cluster.edit(podsRef, 'default', pod.metadata.name, { metadata: { finalizers: all } });
        cluster.delete(cluster.view.get(podsRef, 'default', pod.metadata.name) as Pod);
        cluster.settle().pass(10_000);
        expect(statusIn(cluster)).toMatchObject({ failed: 1, active: 1, terminating: finalizers.length });
        expect(podsIn(cluster)).toHaveLength(1 + finalizers.length);
      }
    },
  );

  test('is complete though the wall clock was set back: never before its start', () => {
    const cluster = clusterOf();
    makeJob(cluster);
    cluster.settle();
    cluster.now -= 3_600_000;
    endAll(cluster);
    expect(conditionsIn(cluster)).toContain('Complete=True CompletionsReached');
    expect(statusIn(cluster).completionTime).toBe(toTime(NOW));
  });

  test('leaves alone what another controller manages', () => {
    const cluster = clusterOf();
    makeJob(cluster, { managedBy: 'example.com/other' });
    cluster.settle();
    expect(podsIn(cluster)).toHaveLength(0);
    expect(statusIn(cluster)).toEqual({});
  });

  test('adopts and releases pods by their labels, with the finalizer', () => {
    const cluster = clusterOf();
    const made = makeJob(cluster);
    cluster.settle();
    const [pod] = podsIn(cluster) as [Pod];
    cluster.edit(podsRef, 'default', pod.metadata.name, { metadata: { labels: { job: 'else' } } });
    cluster.settle();
    const released = cluster.view.get(podsRef, 'default', pod.metadata.name) as Pod;
    expect([released.metadata.ownerReferences, released.metadata.finalizers]).toEqual([undefined, undefined]);
    expect(podsIn(cluster)).toHaveLength(2);
    cluster.edit(podsRef, 'default', pod.metadata.name, { metadata: { labels: { job: 'work' } } });
    cluster.settle();
    const adopted = podsIn(cluster).filter((one) => one.metadata.ownerReferences?.[0]?.uid === made.metadata.uid);
    // One of both is too many.
    expect(adopted.filter(isTracked)).toHaveLength(1);
    expect(statusIn(cluster)).toMatchObject({ active: 1 });
  });

  test('lets its pods go when it is deleted', () => {
    const cluster = clusterOf();
    const made = makeJob(cluster, { parallelism: 2, completions: 2 });
    cluster.settle();
    cluster.delete(cluster.view.get(jobs, 'default', made.metadata.name) as Job, 'Background');
    cluster.settle();
    expect(podsIn(cluster)).toHaveLength(2);
    expect(podsIn(cluster).some(isTracked)).toBe(false);
  });
});

describe('the failure policy of a job', () => {
  const rules = [
    { action: 'FailJob', onExitCodes: { containerName: 'a', operator: 'In', values: [42] } },
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'Count', onExitCodes: { operator: 'NotIn', values: [1, 2] } },
  ];
  const made = (cluster: TestCluster) =>
    makeJob(cluster, { backoffLimit: 1, podFailurePolicy: { rules }, podReplacementPolicy: 'Failed' } as JobSpec);

  test('fails the job because of an exit code', () => {
    const cluster = clusterOf();
    made(cluster);
    cluster.settle();
    endAll(cluster, 42);
    const { message } = statusIn(cluster).conditions?.[1] ?? {};
    const [pod] = podsIn(cluster);
    expect(message).toBe(
      `Container a for pod default/${pod?.metadata.name} failed with exit code 42 matching FailJob rule at index 0`,
    );
    expect(conditionsIn(cluster)).toEqual(['FailureTarget=True PodFailurePolicy', 'Failed=True PodFailurePolicy']);
  });
  test('ignores disruptions, however many', () => {
    const cluster = clusterOf();
    made(cluster);
    for (let i = 0; i < 4; i++) {
      cluster.settle().pass(600_000);
      for (const pod of running(cluster)) end(cluster, pod, 137, [{ type: 'DisruptionTarget', status: 'True' }]);
    }
    cluster.settle().pass(600_000);
    expect(statusIn(cluster)).toMatchObject({ active: 1 });
    expect(statusIn(cluster).failed).toBeUndefined();
    endAll(cluster);
    expect(conditionsIn(cluster)).toContain('Complete=True CompletionsReached');
  });
});

describe('the success policy of a job', () => {
  test('ends it before all indexes have succeeded', () => {
    const cluster = clusterOf();
    const successPolicy = { rules: [{ succeededIndexes: '0,2', succeededCount: 1 }] };
    makeJob(cluster, { completions: 3, parallelism: 3, completionMode: 'Indexed', successPolicy });
    cluster.settle();
    end(cluster, podsIn(cluster)[2] as Pod);
    cluster.settle();
    expect(conditionsIn(cluster)).toEqual(['SuccessCriteriaMet=True SuccessPolicy', 'Complete=True SuccessPolicy']);
    expect(statusIn(cluster)).toMatchObject({ succeeded: 1, completedIndexes: '2' });
    expect(statusIn(cluster).failed).toBeUndefined();
  });
});
