import { kubelet } from '#loops';
import type { KubeObject } from '#model';
import type { RuntimeImage, RuntimeInfo } from '#ports';
import { toTime } from '#std';
import type { Instant, JsonObject } from '#std';
import { AGENT_VERSION } from './options.js';
import type { NodeOptions } from './options.js';

const IMAGES_MAX = 50;

export function capacityOf(node: NodeOptions, info: RuntimeInfo): Readonly<Record<string, string>> {
  return {
    cpu: String(info.cpus),
    'ephemeral-storage': `${Math.floor(node.ephemeralStorageBytes / 1024)}Ki`,
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: `${Math.floor(info.memoryBytes / 1024)}Ki`,
    pods: String(node.podsMax),
  };
}
/** What pods may ask for: all but 100 MiB that evictions keep free. */
export function allocatableOf(capacity: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const memory = (kubelet.amountOf(capacity.memory) ?? 0) - 100 * 2 ** 20;
  const storage = Math.floor((kubelet.amountOf(capacity['ephemeral-storage']) ?? 0) * 0.9);
  return { ...capacity, memory: `${Math.floor(memory / 1024)}Ki`, 'ephemeral-storage': String(storage) };
}

/** The Node object as the agent would have it. */
export function nodeObject(
  node: NodeOptions,
  info: RuntimeInfo,
  images: readonly RuntimeImage[],
  now: Instant,
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      labels: {
        'beta.kubernetes.io/arch': info.architecture,
        'beta.kubernetes.io/os': info.operatingSystem,
        'kubernetes.io/arch': info.architecture,
        'kubernetes.io/hostname': node.name,
        'kubernetes.io/os': info.operatingSystem,
        ...node.labels,
      },
    } as unknown as KubeObject['metadata'],
    spec: node.taints && node.taints.length > 0 ? { taints: node.taints } : {},
    status: nodeStatus(node, info, images, now),
  };
}
export function nodeStatus(
  node: NodeOptions,
  info: RuntimeInfo,
  images: readonly RuntimeImage[],
  now: Instant,
): JsonObject {
  const capacity = capacityOf(node, info);
  return {
    addresses: [
      { type: 'InternalIP', address: node.internalIp },
      { type: 'Hostname', address: node.name },
    ],
    allocatable: allocatableOf(capacity),
    capacity,
    conditions: conditions(toTime(now)),
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    images: images
      .map((image) => ({ names: [...image.digests, ...image.names].slice(0, 5), sizeBytes: image.sizeBytes }))
      .filter((image) => image.names.length > 0)
      .sort((a, b) => b.sizeBytes - a.sizeBytes)
      .slice(0, IMAGES_MAX),
    nodeInfo: {
      architecture: info.architecture,
      bootID: node.bootId ?? '',
      containerRuntimeVersion: info.version,
      kernelVersion: info.kernelVersion,
      kubeProxyVersion: '',
      kubeletVersion: AGENT_VERSION,
      machineID: node.machineId ?? '',
      operatingSystem: info.operatingSystem,
      osImage: info.osImage,
      systemUUID: node.machineId ?? '',
    },
  };
}
function conditions(now: string): readonly JsonObject[] {
  const one = (type: string, status: string, reason: string, message: string): JsonObject => ({
    type,
    status,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
    reason,
    message,
  });
  return [
    one('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    one('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    one('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    one('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
  ];
}
