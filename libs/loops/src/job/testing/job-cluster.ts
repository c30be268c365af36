import { jobs, pods as podsRef, type Job, type JobStatus } from '#kinds';
import { type Pod } from '#pod';
import { toTime, type JsonObject } from '#std';
import { TestCluster, podsIn } from '../../shared/testing/index.js';
import { job } from '../index.js';
import { jobTracking } from '../tracking.js';

export type JobSpec = Partial<Job['spec']> & { readonly pod?: JsonObject };
/** The job `default/work`. */
export function makeJob(cluster: TestCluster, { pod, ...spec }: JobSpec = {}): Job {
  return cluster.put<Job>({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace: 'default' },
    spec: {
      manualSelector: true,
      selector: { matchLabels: { job: 'work' } },
      template: {
        metadata: { labels: { job: 'work' } },
        spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'example.com/a:1' }], ...pod },
      },
      ...spec,
    },
  } as unknown as Job);
}
export const clusterOf = () => new TestCluster([job, jobTracking]);
export function statusIn(cluster: TestCluster): JobStatus {
  return cluster.view.get(jobs, 'default', 'work')?.status ?? {};
}
export function conditionsIn(cluster: TestCluster): readonly string[] {
  return (statusIn(cluster).conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}
export function running(cluster: TestCluster): readonly Pod[] {
  return podsIn(cluster).filter((pod) => !['Succeeded', 'Failed'].includes(pod.status?.phase ?? ''));
}
/** What a kubelet reports at the end of a pod. */
export function end(cluster: TestCluster, pod: Pod, exitCode = 0, conditions: readonly JsonObject[] = []): void {
  const finishedAt = toTime(cluster.now);
  cluster.edit(podsRef, 'default', pod.metadata.name, {
    spec: { nodeName: 'node-a' },
    status: {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      conditions: [{ type: 'Ready', status: 'False' }, ...conditions],
      containerStatuses: [
        {
          ...{ name: 'a', image: 'example.com/a:1', imageID: '', ready: false, restartCount: 0 },
          state: { terminated: { exitCode, startedAt: finishedAt, finishedAt } },
        },
      ],
    },
  });
}
export function endAll(cluster: TestCluster, exitCode = 0): void {
  for (const pod of running(cluster)) end(cluster, pod, exitCode);
  cluster.settle();
}
