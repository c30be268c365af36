import { describe, expect, test } from '@jest/globals';
import { jobs, pods as podsRef, type Job, type Namespace } from '#kinds';
import type { Pod } from '#pod';
import { toTime } from '#std';
import { podsIn, type TestCluster } from '../shared/testing/index.js';
import { job } from './index.js';
import { COMPLETION_INDEX, isTracked } from './pod-marks.js';
import { clusterOf, conditionsIn, end, makeJob, running, statusIn } from './testing/job-cluster.js';

/** More than one status names. */
const MANY = 501;

describe('a job does not hang', () => {
  test('when more pods than one status names end at once', () => {
    const cluster = clusterOf();
    makeJob(cluster, { completions: MANY, parallelism: MANY, backoffLimit: MANY });
    cluster.settle();
    expect(podsIn(cluster)).toHaveLength(MANY);
    for (const [i, pod] of running(cluster).entries()) end(cluster, pod, i % 2);
    cluster.settle();
    expect(statusIn(cluster)).toMatchObject({ succeeded: 251, failed: 250, uncountedTerminatedPods: {} });
    expect(podsIn(cluster).filter(isTracked)).toHaveLength(statusIn(cluster).active ?? 0);
  });

  test('when an index completes and fails: what comes first stays', () => {
    const cluster = clusterOf();
    const limits = { backoffLimitPerIndex: 1, backoffLimit: 2_147_483_647 };
    makeJob(cluster, { completions: 2, parallelism: 2, completionMode: 'Indexed', ...limits });
    cluster.settle();
    const [first] = podsIn(cluster) as [Pod];
    runs(cluster, first);
    cluster.delete(cluster.view.get(podsRef, 'default', first.metadata.name) as Pod);
    cluster.settle();
    cluster.now += 10_000;
    cluster.carryOut(cluster.decide(job, 'default/work'));
    const second = running(cluster).find(
      ({ metadata }) => metadata.name.startsWith('work-0-') && metadata.name !== first.metadata.name,
    ) as Pod;
    end(cluster, first);
    end(cluster, second, 1);
    cluster.settle();
    expect(statusIn(cluster)).toMatchObject({ completedIndexes: '0', failedIndexes: '' });
    for (const pod of running(cluster)) end(cluster, pod);
    cluster.settle();
    expect(conditionsIn(cluster)).toContain('Complete=True CompletionsReached');
  });

  test.each(['before', 'after'])('when a pod loses its labels %s the job is deleted in the foreground', (when) => {
    const cluster = clusterOf();
    const made = makeJob(cluster);
    cluster.settle();
    const [pod] = podsIn(cluster) as [Pod];
    const relabel = (): void =>
      cluster.edit(podsRef, 'default', pod.metadata.name, { metadata: { labels: { job: 'else' } } });
    if (when === 'before') relabel();
    cluster.delete(cluster.view.get(jobs, 'default', made.metadata.name) as Job, 'Foreground');
    if (when === 'after') relabel();
    cluster.settle();
    expect(podsIn(cluster).some(isTracked)).toBe(false);
  });

  test('over the indexes that it has completed already, however many', () => {
    const cluster = clusterOf();
    const completions = 2_147_483_647;
    const made = makeJob(cluster, { completions, parallelism: 3, completionMode: 'Indexed' });
    const succeeded = completions - 5;
    cluster.edit(jobs, 'default', made.metadata.name, {
      status: { succeeded, completedIndexes: `0-${succeeded - 1}`, startTime: toTime(cluster.now) },
    });
    cluster.settle();
    expect(podsIn(cluster).map(({ metadata }) => Number(metadata.labels?.[COMPLETION_INDEX]))).toEqual(
      [0, 1, 2].map((i) => succeeded + i),
    );
  });

  test('for the pods that it dropped itself: resumed, it makes others at once', () => {
    const cluster = clusterOf();
    makeJob(cluster, { completions: 6, parallelism: 6 });
    cluster.settle();
    for (const pod of podsIn(cluster)) runs(cluster, pod);
    for (const suspend of [true, false]) {
      cluster.edit(jobs, 'default', 'work', { spec: { suspend } });
      cluster.settle();
    }
    expect(statusIn(cluster)).toMatchObject({ active: 6, terminating: 6 });
    expect(statusIn(cluster).failed).toBeUndefined();
  });

  test('when its namespace goes before the failed pod of an index was replaced', () => {
    const cluster = clusterOf();
    makeJob(cluster, { completions: 2, parallelism: 2, completionMode: 'Indexed', backoffLimitPerIndex: 3 });
    cluster.settle();
    const [failed] = podsIn(cluster) as [Pod];
    end(cluster, failed, 1);
    cluster.carryOut(cluster.decide(job, 'default/work'));
    expect(isTracked(cluster.view.get(podsRef, 'default', failed.metadata.name) as Pod)).toBe(true);
    endNamespace(cluster);
    for (const pod of podsIn(cluster)) cluster.delete(pod);
    cluster.settle();
    expect(podsIn(cluster).filter(isTracked)).toEqual([]);
  });
});

function endNamespace(cluster: TestCluster): void {
  cluster.put<Namespace>({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'default', deletionTimestamp: toTime(cluster.now) },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Terminating' },
  });
}
function runs(cluster: TestCluster, { metadata: { name } }: Pod): void {
  cluster.edit(podsRef, 'default', name, { spec: { nodeName: 'node-a' }, status: { phase: 'Running' } });
}
