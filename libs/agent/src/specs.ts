import { isInit, qosClass } from '#pod';
import type { Container, Pod, ResourceRequirements, SecurityContext } from '#pod';
import { kubelet } from '#loops';
import type {
  ContainerAmounts,
  ContainerLabels,
  ContainerMount,
  ContainerOwner,
  ContainerRole,
  ContainerSecurity,
  ContainerSpec,
  SandboxSpec,
} from '#ports';
import type { NodeOptions } from './options.js';

export function labelsOf(
  owner: ContainerOwner,
  pod: Pod,
  of: { readonly container: string; readonly role: ContainerRole; readonly attempt: number; readonly specHash: string },
): ContainerLabels {
  return { ...owner, namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name, uid: pod.metadata.uid, ...of };
}
export function roleOf(pod: Pod, name: string): ContainerRole {
  if (isInit(pod, name)) return 'init';
  return pod.spec.containers.some((c) => c.name === name) ? 'app' : 'ephemeral';
}

export interface SandboxParts {
  readonly owner: ContainerOwner;
  readonly pod: Pod;
  readonly attempt: number;
  readonly node: NodeOptions;
  readonly runtimeHandler: string | undefined;
}
export function sandboxSpec({ owner, pod, attempt, node, runtimeHandler }: SandboxParts): SandboxSpec {
  const { spec } = pod;
  const ports = spec.hostNetwork
    ? []
    : [...(spec.initContainers ?? []), ...spec.containers].flatMap((c) => c.ports ?? []).filter((p) => p.hostPort);
  return {
    labels: labelsOf(owner, pod, { container: 'POD', role: 'infra', attempt, specHash: '' }),
    hostname: kubelet.hostnameOf(pod, node.domain),
    hostNetwork: spec.hostNetwork === true,
    hostPid: spec.hostPID === true,
    hostIpc: spec.hostIPC === true,
    sharePidNamespace: spec.shareProcessNamespace === true,
    sysctls: Object.fromEntries(
      (spec.securityContext?.sysctls ?? []).map((s) => [s.name.replaceAll('/', '.'), s.value]),
    ),
    ...(runtimeHandler !== undefined && { runtimeHandler }),
    ports: ports.map((p) => ({
      containerPort: p.containerPort,
      hostPort: p.hostPort ?? 0,
      hostIp: p.hostIP ?? '',
      protocol: p.protocol ?? 'TCP',
    })),
  };
}

export interface ContainerParts {
  readonly owner: ContainerOwner;
  readonly pod: Pod;
  readonly container: Container;
  readonly attempt: number;
  readonly sandboxId: string;
  readonly runtimeHandler: string | undefined;
  readonly environment: kubelet.Environment;
  readonly mounts: readonly ContainerMount[];
  readonly node: NodeOptions;
  readonly memoryBytes: number;
  /** The container whose processes this one sees. */
  readonly pidOf?: string;
}
export function containerSpec(parts: ContainerParts): ContainerSpec {
  const { owner, pod, container, environment } = parts;
  const known = new Map(environment);
  const expanded = (texts: readonly string[] | undefined): readonly string[] | undefined =>
    texts && texts.length > 0 ? texts.map((text) => kubelet.expand(text, (name) => known.get(name))) : undefined;
  const command = expanded(container.command);
  const args = expanded(container.args);
  const target = roleOf(pod, container.name);
  return {
    labels: labelsOf(owner, pod, {
      container: container.name,
      role: target,
      attempt: parts.attempt,
      specHash: kubelet.specHashOf(container),
    }),
    sandboxId: parts.sandboxId,
    ...(parts.runtimeHandler !== undefined && { runtimeHandler: parts.runtimeHandler }),
    image: kubelet.withDefaultTag(container.image ?? ''),
    ...(command && { command }),
    ...(args && { args }),
    env: environment,
    mounts: parts.mounts,
    ...(container.workingDir && { workingDir: container.workingDir }),
    tty: container.tty === true,
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    sharePidNamespace: pod.spec.shareProcessNamespace === true,
    ...(parts.pidOf && { pidOf: parts.pidOf }),
    hostPid: pod.spec.hostPID === true,
    hostIpc: pod.spec.hostIPC === true,
    ...amountsOf(container.resources),
    oomScore: oomScoreOf(pod, container, parts.memoryBytes),
    security: securityOf(pod, container, parts.node),
    ...(container.lifecycle?.stopSignal && { stopSignal: container.lifecycle.stopSignal }),
  };
}

export function amountsOf({ limits, requests }: ResourceRequirements = {}): ContainerAmounts {
  const cpuMilliLimit = kubelet.milliOf(limits?.cpu);
  const memoryLimitBytes = kubelet.amountOf(limits?.memory);
  return {
    cpuMilliRequest: kubelet.milliOf(requests?.cpu ?? limits?.cpu) ?? 0,
    ...(cpuMilliLimit && { cpuMilliLimit }),
    ...(memoryLimitBytes && { memoryLimitBytes }),
  };
}

/** The less memory a container asked for, the sooner it is killed; one without any request goes first. */
function oomScoreOf(pod: Pod, container: Container, memoryBytes: number): number {
  const qos = qosClass(pod);
  if (qos === 'Guaranteed') return -997;
  if (qos === 'BestEffort') return 1000;
  const request = kubelet.amountOf(container.resources?.requests?.memory) ?? 0;
  return Math.min(999, Math.max(3, Math.floor(1000 - (1000 * request) / Math.max(memoryBytes, 1))));
}

function securityOf(pod: Pod, container: Container, node: NodeOptions): ContainerSecurity {
  const common = pod.spec.securityContext;
  const own = container.securityContext;
  const user = own?.runAsUser ?? common?.runAsUser;
  const group = own?.runAsGroup ?? common?.runAsGroup;
  const privileged = own?.privileged === true;
  const profile = own?.seccompProfile ?? common?.seccompProfile;
  const appArmor = appArmorName(pod, container);
  const seLinux = own?.seLinuxOptions ?? common?.seLinuxOptions;
  const fsGroup = common?.fsGroup;
  return {
    ...(user !== undefined && { user }),
    ...(group !== undefined && { group }),
    supplementalGroups: [...(common?.supplementalGroups ?? []), ...(fsGroup === undefined ? [] : [fsGroup])],
    privileged,
    capabilitiesAdd: own?.capabilities?.add ?? [],
    capabilitiesDrop: own?.capabilities?.drop ?? [],
    readOnlyRootFilesystem: own?.readOnlyRootFilesystem === true,
    noNewPrivileges: own?.allowPrivilegeEscalation === false && !privileged,
    seccomp: privileged ? 'unconfined' : seccompOf(profile, node.seccompFolder),
    ...(appArmor !== undefined && { appArmor }),
    ...(seLinux && { seLinux }),
    unmaskedProc: own?.procMount === 'Unmasked',
  };
}

/** Where nothing is said, the engine's default profile filters the calls: being silent gives no rights. */
function seccompOf(profile: SecurityContext['seccompProfile'], folder: string): string {
  if (profile?.type === 'Unconfined') return 'unconfined';
  if (profile?.type !== 'Localhost') return 'default';
  const name = profile.localhostProfile ?? '';
  if (name === '' || name.startsWith('/') || name.split('/').includes('..'))
    throw new kubelet.ConfigProblem(`seccomp profile "${name}" is not a path inside of the node's profile folder`);
  return `${folder}/${name}`;
}
function appArmorName(pod: Pod, container: Container): string | undefined {
  const profile = kubelet.appArmorOf(pod, container) ?? '';
  if (profile.startsWith('localhost/')) return profile.slice('localhost/'.length);
  return profile.toLowerCase() === 'unconfined' ? 'unconfined' : undefined;
}
