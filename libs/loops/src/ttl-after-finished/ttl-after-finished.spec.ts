import { expect, test } from '@jest/globals';
import { jobs, type Job } from '#kinds';
import { toTime } from '#std';
import { NOW, TestCluster } from '../shared/testing/index.js';
import { ttlAfterFinished } from './index.js';

function makeJob(cluster: TestCluster, name: string, isFinished: boolean): void {
  const at = toTime(NOW);
  cluster.put<Job>({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'default' },
    spec: {
      ttlSecondsAfterFinished: 60,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'example.com/a:1' }] } },
    },
    status: {
      conditions: [
        { type: 'Complete', status: isFinished ? 'True' : 'False', lastProbeTime: at, lastTransitionTime: at },
      ],
    },
  } as unknown as Job);
}

test('a finished job is deleted after its time, its pods before it; one that runs is not', () => {
  const cluster = new TestCluster([ttlAfterFinished]);
  makeJob(cluster, 'done', true);
  makeJob(cluster, 'runs', false);
  cluster.settle();
  expect(cluster.nextWake).toBe(NOW + 60_000);
  cluster.pass(59_999);
  expect(cluster.view.get(jobs, 'default', 'done')?.metadata.deletionTimestamp).toBeUndefined();
  cluster.pass(1);
  // The garbage collector ends it when the pods have gone.
  expect(cluster.view.get(jobs, 'default', 'done')?.metadata).toMatchObject({ finalizers: ['foregroundDeletion'] });
  expect(cluster.view.get(jobs, 'default', 'runs')?.metadata.deletionTimestamp).toBeUndefined();
});
