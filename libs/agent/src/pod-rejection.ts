import { hostPortsOf, matchesNode, podRequests, portsConflict, qosClass } from '#pod';
import type { Pod } from '#pod';
import { isTolerated, type Taint } from '#meta';
import { kubelet } from '#loops';
import type { KubeObject } from '#model';
import type { RuntimeInfo } from '#ports';

export interface Rejection {
  readonly reason: string;
  /** Of the pod's status; the event says it without `Pod was rejected: `. */
  readonly message: string;
}
/** From so high a priority on, a pod is critical for the cluster or its node. */
const SYSTEM_CRITICAL = 2_000_000_000;
const MEMORY_PRESSURE: Taint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' };
const SAFE_SYSCTLS = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
]);

/** Properties of the node that rejection depends on. */
export interface Place {
  readonly allocatable: Readonly<Record<string, string>>;
  readonly node: KubeObject | undefined;
  readonly info: Pick<RuntimeInfo, 'operatingSystem' | 'security'>;
  /** What the node is short of. */
  readonly pressures: readonly kubelet.Pressure[];
}

/** Returns why the kubelet rejects a pod that was bound to this node, undefined when it admits it. */
export function rejectionOf(
  pod: Pod,
  others: readonly Pod[],
  { allocatable, node, info, pressures }: Place,
): Rejection | undefined {
  // The blank at the end is a kubelet's.
  if (!isAdmittedUnder(pressures, pod)) return refused('Evicted', `The node had condition: [${pressures.join(' ')}]. `);
  const unsupported = kubelet.unsupportedBy(info.security, info.operatingSystem, pod);
  if (unsupported) return unsupported;
  const unsafe = pod.spec.securityContext?.sysctls?.find((s) => !SAFE_SYSCTLS.has(s.name.replaceAll('/', '.')));
  if (unsafe) return refused('SysctlForbidden', `forbidden sysctl: "${unsafe.name}" not allowlisted`);
  const short = insufficientResource(pod, others, allocatable);
  if (short) return short;
  const labels = node?.metadata.labels;
  if (labels && !matchesNode(pod)({ name: node.metadata.name, labels })) {
    return refused('NodeAffinity', "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector");
  }
  const taken = others.flatMap(hostPortsOf);
  const clashes = hostPortsOf(pod).some((port) => taken.some((other) => portsConflict(port, other)));
  return clashes
    ? refused('NodePorts', "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports")
    : undefined;
}
/** A node that is short of something takes critical pods, and one short of memory alone those that ask for some of it. */
function isAdmittedUnder(pressures: readonly kubelet.Pressure[], pod: Pod): boolean {
  if (pressures.length === 0 || (pod.spec.priority ?? 0) >= SYSTEM_CRITICAL) return true;
  if (pressures.some((pressure) => pressure !== 'MemoryPressure')) return false;
  return qosClass(pod) !== 'BestEffort' || isTolerated(pod.spec.tolerations, MEMORY_PRESSURE);
}
function refused(reason: string, message: string): Rejection {
  return { reason, message };
}

/** Returns the first resource of which the node has too little left. */
export function insufficientResource(
  pod: Pod,
  others: readonly Pod[],
  allocatable: Readonly<Record<string, string>>,
): Rejection | undefined {
  const podsMax = Number(allocatable.pods ?? Infinity);
  if (others.length + 1 > podsMax) return refused('OutOfpods', lacking('pods', 1, others.length, podsMax));
  for (const [resource, wanted] of podRequests(pod)) {
    if (wanted <= 0) continue;
    const capacity = inUnits(resource, allocatable[resource]);
    const used = others.reduce((sum, other) => sum + (podRequests(other).get(resource) ?? 0), 0);
    if (used + wanted > capacity) return refused(`OutOf${resource}`, lacking(resource, wanted, used, capacity));
  }
  return undefined;
}
function lacking(resource: string, wanted: number, used: number, capacity: number): string {
  return `Node didn't have enough resource: ${resource}, requested: ${wanted}, used: ${used}, capacity: ${capacity}`;
}
function inUnits(resource: string, quantity: string | undefined): number {
  return resource === 'cpu' ? (kubelet.milliOf(quantity) ?? 0) : Math.floor(kubelet.amountOf(quantity) ?? 0);
}
