import { isActive, isReady, type Pod } from '#pod';
import { deployments, events, pods, replicaSets, type Deployment, type ReplicaSet } from '#kinds';
import { toTime } from '#std';
import type { TestCluster } from './cluster.js';

export interface DeploymentOptions {
  readonly replicas?: number;
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
  readonly spec?: Partial<Deployment['spec']>;
  readonly metadata?: Partial<Deployment['metadata']>;
}

/** `default/web` with one container. */
export function makeDeployment(cluster: TestCluster, options: DeploymentOptions = {}): Deployment {
  const { replicas = 3, maxSurge = '25%', maxUnavailable = '25%', spec, metadata } = options;
  return cluster.put<Deployment>({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', ...metadata },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: template('1'),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 10,
      ...spec,
    },
  });
}
export function template(version: string): Deployment['spec']['template'] {
  return {
    metadata: { labels: { app: 'web', v: version } },
    spec: { containers: [{ name: 'a', image: 'example.com/a:1' }] },
  };
}
/** Gives the deployment another template. */
export function roll(cluster: TestCluster, version: string): void {
  cluster.edit(deployments, 'default', 'web', { spec: { template: { metadata: { labels: { v: version } } } } });
}

export function deploymentIn(cluster: TestCluster): Deployment {
  const found = cluster.view.get(deployments, 'default', 'web');
  if (!found) throw new Error('there is no deployment');
  return found;
}
/** The set of a template version. */
export function setIn(cluster: TestCluster, version: string): ReplicaSet {
  const found = setsIn(cluster).find((set) => set.spec.template?.metadata?.labels?.['v'] === version);
  if (!found) throw new Error(`there is no set of version ${version}`);
  return found;
}
export function setsIn(cluster: TestCluster): readonly ReplicaSet[] {
  return cluster.view.list(replicaSets, 'default');
}
export function podsIn(cluster: TestCluster, version?: string): readonly Pod[] {
  return cluster.view
    .list(pods, 'default')
    .filter((pod) => version === undefined || pod.metadata.labels?.['v'] === version);
}

/** What the scheduler and a kubelet would do to a pod. */
export function place(cluster: TestCluster, pod: Pod, node = 'node-a'): void {
  cluster.edit(pods, 'default', pod.metadata.name, { spec: { nodeName: node } });
}
export function setReady(cluster: TestCluster, pod: Pod, ready = true): void {
  const condition = { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: toTime(cluster.now) };
  cluster.edit(pods, 'default', pod.metadata.name, {
    spec: { nodeName: 'node-a' },
    status: { phase: 'Running', conditions: [condition] },
  });
}
export function setPhase(cluster: TestCluster, pod: Pod, phase: string): void {
  cluster.edit(pods, 'default', pod.metadata.name, {
    status: { phase, conditions: [{ type: 'Ready', status: 'False' }] },
  });
}
/** Every pod that is there becomes ready, and those that end are gone; the loops follow. */
export function allReady(cluster: TestCluster): void {
  for (let i = 0; i < 100; i++) {
    const ending = podsIn(cluster).filter((pod) => pod.metadata.deletionTimestamp !== undefined);
    const coming = podsIn(cluster).filter((pod) => isActive(pod) && !isReady(pod));
    if (ending.length + coming.length === 0) return;
    for (const pod of ending) cluster.gone(pod);
    for (const pod of coming) setReady(cluster, pod);
    cluster.settle();
  }
  throw new Error('the pods do not come to rest');
}
/** Reasons and messages of the incidents about kinds of objects, in order. */
export function incidentsIn(cluster: TestCluster, kind: string): readonly string[] {
  return cluster.view
    .list(events, 'default')
    .filter((event) => event.involvedObject.kind === kind)
    .map((event) => `${event.reason}: ${event.message} (${event.count})`)
    .sort();
}
