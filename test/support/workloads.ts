import type { ApiClient } from './api-client.js';
import { BUSYBOX, until } from './test-cluster.js';

/** A cluster that is asked; its client may be another one after a restart. */
export interface Served {
  readonly api: ApiClient;
}

/** Runs until it is told to stop, and then stops at once. */
export const FOREVER = ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 1 & wait $!; done'];

export interface PodStatus {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}
export interface ContainerStatus {
  readonly containerID?: string;
  readonly restartCount: number;
  readonly ready: boolean;
  readonly state: {
    readonly running?: object;
    readonly waiting?: { readonly reason: string; readonly message?: string };
    readonly terminated?: object;
  };
}
export interface DeploymentStatus {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
}

export const PODS = '/api/v1/namespaces/default/pods';
export const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';

/** A deployment of this many pods that do nothing. */
export function deployment(name: string, replicas: number, spec: object = {}, container: object = {}): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 5,
          containers: [{ name: 'main', image: BUSYBOX, command: FOREVER, ...container }],
        },
      },
      ...spec,
    },
  };
}

export async function podsOf(cluster: Served, app: string): Promise<readonly PodStatus[]> {
  const answer = await cluster.api.get(`${PODS}?labelSelector=app%3D${app}`);
  return answer.json<{ items?: readonly PodStatus[] }>().items ?? [];
}

/** Waits until a deployment is what it wants to be. */
export function rolledOut(cluster: Served, name: string, seconds = 90): Promise<DeploymentStatus> {
  return until(
    `deployment ${name} is rolled out`,
    async () => (await cluster.api.get(`${DEPLOYMENTS}/${name}`)).json<DeploymentStatus>(),
    ({ metadata, spec, status }) =>
      status.observedGeneration === metadata.generation &&
      [status.replicas, status.updatedReplicas, status.availableReplicas].every((n) => (n ?? 0) === spec.replicas),
    seconds,
  );
}

/** Changes replicas; tried again while nobody answers. */
export function scale(cluster: Served, name: string, replicas: number): Promise<unknown> {
  return until(
    `deployment ${name} is scaled`,
    () =>
      cluster.api.call('PATCH', `${DEPLOYMENTS}/${name}`, {
        body: { spec: { replicas } },
        contentType: 'application/merge-patch+json',
      }),
    ({ status }) => status === 200,
  );
}
