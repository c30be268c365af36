import { describe, expect, test } from '@jest/globals';
import { jobs, pods as podsRef } from '#kinds';
import type { Pod } from '#pod';
import type { JsonObject } from '#std';
import { type TestCluster } from '../shared/testing/index.js';
import { clusterOf, end, makeJob, running, statusIn, type JobSpec } from './testing/job-cluster.js';

const INDEXED = { completionMode: 'Indexed', completions: 3 } as const;

describe('the back-off of a job', () => {
  test.each<[string, JobSpec]>([
    ['plain', {}],
    ['of completions', { completions: 3 }],
    ['indexed', INDEXED],
    ['with a limit for each index', { ...INDEXED, backoffLimitPerIndex: 3 }],
    ['resumed', { suspend: true }],
    ['with a deadline', { activeDeadlineSeconds: 3600 }],
  ])('comes after a pod that counts as failed and still terminates: %s', (_, spec) => {
    const cluster = clusterOf();
    makeJob(cluster, spec);
    cluster.settle();
    if (spec.suspend) edit(cluster, { suspend: false });
    deletePod(cluster, runAll(cluster)[0]);
    expect(statusIn(cluster)).toMatchObject({ terminating: 1 });
    expect(statusIn(cluster).active).toBeUndefined();
    cluster.pass(9_000);
    expect(statusIn(cluster).active).toBeUndefined();
    cluster.pass(1_000);
    expect(statusIn(cluster)).toMatchObject({ active: 1, failed: 1, terminating: 1 });
  });

  test('doubles with each pod that counts as failed and still terminates', () => {
    const cluster = clusterOf();
    makeJob(cluster, { completions: 2, parallelism: 2 });
    cluster.settle();
    for (const pod of runAll(cluster)) deletePod(cluster, pod);
    expect(statusIn(cluster)).toMatchObject({ failed: 2, terminating: 2 });
    cluster.pass(19_000);
    expect(statusIn(cluster).active).toBeUndefined();
    cluster.pass(1_000);
    expect(statusIn(cluster).active).toBe(2);
  });

  test('does not come after pods that the job dropped', () => {
    const cluster = clusterOf();
    makeJob(cluster, { completions: 3, parallelism: 3 });
    cluster.settle();
    runAll(cluster);
    edit(cluster, { parallelism: 0 });
    edit(cluster, { parallelism: 3 });
    expect(statusIn(cluster)).toMatchObject({ active: 3, terminating: 3 });
    expect(statusIn(cluster).failed).toBeUndefined();
  });

  test('does not come after pods that the job dropped and that end as failed', () => {
    const cluster = clusterOf();
    makeJob(cluster, { completions: 3, parallelism: 3 });
    cluster.settle();
    const dropped = runAll(cluster);
    edit(cluster, { suspend: true });
    for (const pod of dropped) end(cluster, pod, 143);
    cluster.settle();
    edit(cluster, { suspend: false });
    expect(statusIn(cluster)).toMatchObject({ active: 3, terminating: 0 });
    expect(statusIn(cluster).failed).toBeUndefined();
  });

  test('is not longer for pods that the job dropped after others had failed', () => {
    const cluster = clusterOf();
    makeJob(cluster, { completions: 3, parallelism: 3 });
    cluster.settle();
    deletePod(cluster, runAll(cluster)[0]);
    cluster.pass(5_000);
    edit(cluster, { parallelism: 0 });
    edit(cluster, { parallelism: 3 });
    expect(statusIn(cluster)).toMatchObject({ failed: 1, terminating: 3 });
    expect(statusIn(cluster).active).toBeUndefined();
    cluster.pass(5_000);
    expect(statusIn(cluster)).toMatchObject({ active: 3, failed: 1, terminating: 3 });
  });

  test('takes no dropped pod for a failed one that is still there', () => {
    const cluster = clusterOf();
    makeJob(cluster, { completions: 3, parallelism: 3 });
    cluster.settle();
    end(cluster, runAll(cluster)[0] as Pod, 1);
    cluster.settle().pass(10_000);
    runAll(cluster);
    edit(cluster, { parallelism: 0 });
    edit(cluster, { parallelism: 3 });
    expect(statusIn(cluster)).toMatchObject({ active: 3, failed: 1, terminating: 3 });
  });

  test('takes no pod that was dropped while the job was suspended for a failed one that has gone', () => {
    const cluster = clusterOf();
    makeJob(cluster, { completions: 3, parallelism: 3 });
    cluster.settle();
    const [failed] = runAll(cluster) as [Pod];
    deletePod(cluster, failed);
    cluster.pass(10_000);
    cluster.gone(cluster.view.get(podsRef, 'default', failed.metadata.name) as Pod);
    cluster.settle();
    runAll(cluster);
    edit(cluster, { suspend: true });
    cluster.pass(2_000);
    edit(cluster, { suspend: false });
    expect(statusIn(cluster)).toMatchObject({ active: 3, failed: 1, terminating: 3 });
  });
});

function activePods(cluster: TestCluster): readonly Pod[] {
  return running(cluster).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}
/** All active pods, which run on a node from now on. */
function runAll(cluster: TestCluster): readonly Pod[] {
  for (const { metadata } of activePods(cluster))
    cluster.edit(podsRef, 'default', metadata.name, { spec: { nodeName: 'node-a' }, status: { phase: 'Running' } });
  cluster.settle();
  return activePods(cluster);
}
function edit(cluster: TestCluster, spec: JsonObject): void {
  cluster.edit(jobs, 'default', 'work', { spec });
  cluster.settle();
}
function deletePod(cluster: TestCluster, pod: Pod | undefined): void {
  cluster.delete(pod as Pod);
  cluster.settle();
}
