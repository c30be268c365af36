import { nodeKind } from '#kinds';
import { kubelet, type podNetwork } from '#loops';
import { SERVES_INGRESS, type KubeObject } from '#model';
import type { RuntimeImage, RuntimeInfo } from '#ports';
import { isJsonObject, jsonEquals, toTime } from '#std';
import type { Instant, Json, JsonObject } from '#std';
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
/** What of the node is kept from pods. */
export function reservationOf({ reserved = [], evictionHard }: NodeOptions): kubelet.Reservation {
  return { reserved, thresholds: evictionHard ?? kubelet.EVICTION_HARD };
}

/** A node, and why it takes no assignments. */
export interface ShownNode extends NodeOptions {
  readonly refusal?: string | undefined;
  readonly servesIngress?: boolean;
  /** Beside `internalIp`. */
  readonly ownIpv6?: string | undefined;
  /** How pods of other nodes are reached; undefined: nothing is said of it. */
  readonly network?: podNetwork.NetworkCondition | undefined;
  /** What it is short of. */
  readonly pressures?: readonly kubelet.Pressure[];
}

/** The Node object as the agent would have it. */
export function nodeObject(
  node: ShownNode,
  info: RuntimeInfo,
  images: readonly RuntimeImage[],
  now: Instant,
): KubeObject {
  return {
    apiVersion: nodeKind.names.version,
    kind: nodeKind.names.kind,
    metadata: {
      name: node.name,
      labels: {
        'beta.kubernetes.io/arch': info.architecture,
        'beta.kubernetes.io/os': info.operatingSystem,
        'kubernetes.io/arch': info.architecture,
        'kubernetes.io/hostname': node.name,
        'kubernetes.io/os': info.operatingSystem,
        ...node.labels,
        // Also `false`: registering again removes no label.
        [SERVES_INGRESS]: String(node.servesIngress === true),
      },
    } as unknown as KubeObject['metadata'],
    spec: node.taints && node.taints.length > 0 ? { taints: node.taints } : {},
    status: nodeStatus(node, info, images, now),
  };
}
export function nodeStatus(
  node: ShownNode,
  info: RuntimeInfo,
  images: readonly RuntimeImage[],
  now: Instant,
): JsonObject {
  const capacity = capacityOf(node, info);
  return {
    addresses: [
      { type: 'InternalIP', address: node.internalIp },
      ...(node.ownIpv6 === undefined ? [] : [{ type: 'InternalIP', address: node.ownIpv6 }]),
      { type: 'Hostname', address: node.name },
    ],
    allocatable: kubelet.allocatableOf(capacity, reservationOf(node)),
    capacity,
    conditions: conditions(toTime(now), node),
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    images: namedImages(images),
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
/** The largest come first. Those without a name, which building leaves behind by the dozen, are nothing that a pod can ask for. */
function namedImages(images: readonly RuntimeImage[]): readonly JsonObject[] {
  const firstName = (image: { readonly names: readonly string[] }): string => image.names[0] ?? '';
  return images
    .map(({ digests, names, sizeBytes }) => ({
      names: [...digests, ...names].filter((name) => !name.startsWith('<none>')).slice(0, 5),
      sizeBytes,
    }))
    .filter(({ names }) => names.length > 0)
    .sort((a, b) => b.sizeBytes - a.sizeBytes || (firstName(a) < firstName(b) ? -1 : 1))
    .slice(0, IMAGES_MAX);
}
/** Whether a stored status says all that this one does. Times do not count, nor what others have added. */
export function saysSame(stored: JsonObject | undefined, reported: JsonObject): boolean {
  return Object.entries(reported).every(([field, value]) => {
    const known = stored?.[field];
    if (field === 'conditions') return conditionsSay(known, value);
    if (field === 'capacity' || field === 'allocatable') return amountsSay(known, value);
    // A list without items is not stored at all.
    return jsonEquals(known ?? (Array.isArray(value) ? [] : undefined), value);
  });
}
/** Amounts are stored in the shortest form: `4194304Ki` as `4Gi`. */
function amountsSay(stored: Json | undefined, reported: Json | undefined): boolean {
  const known = isJsonObject(stored) ? stored : {};
  const amount = (quantity: Json | undefined): number | undefined => kubelet.amountOf(quantity as string | undefined);
  return Object.entries(reported as JsonObject).every(([resource, one]) => amount(known[resource]) === amount(one));
}
function conditionsSay(stored: Json | undefined, reported: Json | undefined): boolean {
  const known = new Map((Array.isArray(stored) ? (stored as JsonObject[]) : []).map((one) => [one['type'], one]));
  return (reported as readonly JsonObject[]).every((one) => {
    const before = known.get(one['type']);
    return ['status', 'reason', 'message'].every((field) => before?.[field] === one[field]);
  });
}
function conditions(now: string, { refusal, network, pressures = [] }: ShownNode): readonly JsonObject[] {
  const one = (type: string, status: string, reason: string, message: string): JsonObject => ({
    type,
    status,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
    reason,
    message,
  });
  return [
    ...(network ? [one('NetworkUnavailable', network.status, network.reason, network.message)] : []),
    ...kubelet.PRESSURES.map((pressure) => {
      const has = pressures.includes(pressure);
      const { reason, message } = kubelet.pressureWords(pressure, has);
      return one(pressure, has ? 'True' : 'False', reason, message);
    }),
    refusal === undefined
      ? one('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status')
      : one('Ready', 'False', 'KubeletNotReady', refusal),
  ];
}
