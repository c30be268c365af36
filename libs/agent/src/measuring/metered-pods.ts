import type { Pod } from '#pod';
import type { kubelet } from '#loops';
import type { MeteredContainer, MeteredPod, PodVolumes } from '#ports';
import type { ObservedContainer } from '../pod-state.js';

/** What {@link meteredPods} needs of a pod's worker. */
export interface RunningPod {
  readonly pod: Pod;
  readonly record: Pick<kubelet.PodRecord, 'startedAt'>;
  readonly containers: readonly ObservedContainer[];
}

/** The pods of a node that have a running container, in the order of their workers. */
export function meteredPods(running: Iterable<RunningPod>, volumes: Pick<PodVolumes, 'emptyPath'>): MeteredPod[] {
  const pods: MeteredPod[] = [];
  for (const { pod, record, containers: observed } of running) {
    const containers = observed.flatMap((container) => meteredContainer(container) ?? []);
    if (!containers.some(({ role }) => role !== 'infra')) continue;
    const { uid, namespace = '', name } = pod.metadata;
    pods.push({
      uid,
      namespace,
      name,
      startedAt: record.startedAt,
      hasHostNetwork: pod.spec.hostNetwork === true,
      containers,
      volumes: emptyVolumes(pod).map(([volume, medium]) => ({
        name: volume,
        path: volumes.emptyPath(uid, volume, medium),
      })),
    });
  }
  return pods;
}

function meteredContainer(container: ObservedContainer): MeteredContainer | undefined {
  const { id, labels, state, startedAt, image, pid, writableLayer, logFile } = container;
  if (state !== 'running' || startedAt === undefined) return undefined;
  return {
    id,
    name: labels.container,
    role: labels.role,
    image,
    startedAt,
    ...(pid !== undefined && { pid }),
    ...(writableLayer !== undefined && { writableLayer }),
    ...(logFile !== undefined && { logFile }),
  };
}
function emptyVolumes({ spec }: Pod): readonly (readonly [name: string, medium: string])[] {
  const volumes = (spec as { volumes?: readonly { name: string; emptyDir?: { medium?: string } | null }[] }).volumes;
  return (volumes ?? []).flatMap(({ name, emptyDir }) => (emptyDir ? [[name, emptyDir.medium ?? ''] as const] : []));
}
