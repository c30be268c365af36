import type { Instant } from '#std';
import type { PodNetwork } from './pod-network.js';

/**
 * The container engine of one node: sandboxes ("infra" containers that own a pod's network namespace), application
 * containers joined to them, and images. Shaped so that Docker, Podman, CRI and a simulated engine can implement it.
 *
 * Promises that every adapter keeps:
 * - making a container whose name is taken answers the container that has the name (so trying again is harmless);
 * - removing, stopping or signalling what is gone succeeds;
 * - `containers` tells the truth at the time of the call; `onChange` may lose or repeat news but never invents any;
 * - what goes wrong is thrown as a {@link RuntimeFault}, whose `reason` says what kind of thing it was.
 */
export interface ContainerRuntime {
  /** The scheme of container ids in a pod's status: `docker`. */
  readonly scheme: string;
  info(): Promise<RuntimeInfo>;
  /** Makes what pods need once on a node: the network and the infra image. Harmless to repeat. */
  prepare(network: NodeNetwork): Promise<void>;
  /** Where the pods are, once it is prepared; undefined where they are on no bridge of the node. */
  podNetwork(): Promise<PodNetwork | undefined>;
  /** All containers of this owner, or of one of its pods; ended ones too. */
  containers(owner: ContainerOwner, podUid?: string): Promise<readonly RuntimeContainer[]>;
  inspect(id: string): Promise<RuntimeContainer | undefined>;
  /** Makes and starts the infra container. Rejects when the engine has no runtime of the name in `runtimeHandler`. */
  startSandbox(spec: SandboxSpec): Promise<RuntimeContainer>;
  createContainer(spec: ContainerSpec): Promise<string>;
  /** Rejects with reason `start` when the container's program cannot be started. */
  startContainer(id: string): Promise<void>;
  /** Gives a running container other amounts; it goes on running. */
  resize(id: string, amounts: ContainerAmounts): Promise<void>;
  /** `SIGTERM`, `SIGKILL` or any other name. */
  signal(id: string, signal: string): Promise<void>;
  remove(id: string): Promise<void>;
  image(reference: string): Promise<RuntimeImage | undefined>;
  images(): Promise<readonly RuntimeImage[]>;
  pull(reference: string, credentials?: RegistryCredentials): Promise<RuntimeImage>;
  /** Whether the engine finds a file in a folder of the node, as containers that mount the folder would. Needs {@link prepare}. */
  sees(folder: string, name: string): Promise<boolean>;
  /** Makes an image of one layer from a tar archive. */
  importImage(reference: string, archive: Uint8Array, options: ImportOptions): Promise<RuntimeImage>;
  exec(id: string, command: readonly string[], options: ExecOptions): Promise<ExecResult>;
  /** Runs a program in the container, or joins the container's own, with its input and output open. */
  session(id: string, options: SessionOptions): Promise<RuntimeSession>;
  /** A connection to a port of the pod whose infra container this is. Rejects when nobody listens there. */
  connect(sandboxId: string, port: number): Promise<RuntimeSession>;
  /** What the container wrote, as the log endpoint of Kubernetes gives it. Ends when the container ends or `signal` aborts. */
  logs(id: string, options: RuntimeLogOptions): AsyncIterable<Uint8Array>;
  /** Tells that something happened to a container of this owner: look again. The result ends it. */
  onChange(owner: ContainerOwner, listener: (change: RuntimeChange) => void): () => void;
  close(): Promise<void>;
}

/** Whose containers: nobody touches those of another cluster or node on the same engine. */
export interface ContainerOwner {
  readonly cluster: string;
  readonly node: string;
}
export interface NodeNetwork extends ContainerOwner {
  /** Pods of this node get their addresses from here: `10.244.0.0/24`. */
  readonly podCidr: string;
  /** And from here, of IPv6; undefined: of IPv4 alone. */
  readonly podCidrIpv6?: string;
  /** Bytes of the largest packet that pods send; undefined: as the engine has it. */
  readonly mtu?: number;
}
export interface RuntimeInfo {
  /** `docker://20.10.24` */
  readonly version: string;
  readonly operatingSystem: string;
  readonly osImage: string;
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Isolation that the engine can enforce. */
  readonly security: { readonly appArmor: boolean; readonly seLinux: boolean; readonly seccomp: boolean };
}

export type ContainerRole = 'infra' | 'init' | 'app' | 'ephemeral';
/** What is written on every container, so that a restarted agent knows what it finds. */
export interface ContainerLabels extends ContainerOwner {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
  readonly role: ContainerRole;
  readonly attempt: number;
  /** Hash of the container's spec when it was made: another one in the pod means that it must be made anew. */
  readonly specHash: string;
}

export type ContainerState = 'created' | 'running' | 'exited';
export interface RuntimeContainer {
  readonly id: string;
  readonly labels: ContainerLabels;
  readonly state: ContainerState;
  readonly createdAt: Instant;
  readonly startedAt?: Instant;
  readonly finishedAt?: Instant;
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  /** Why it could not be started; the state is then `exited`. */
  readonly startError?: string;
  readonly image: string;
  readonly imageId: string;
  /** Id of the sandbox whose network it has; undefined of a sandbox itself. */
  readonly sandboxId?: string;
  /** What stops it, where the image says so. */
  readonly stopSignal?: string;
  /** Of an infra container: the runtime that the pod was started with, where one was named. */
  readonly runtimeHandler?: string;
  /** Of an infra container: the pod's addresses. */
  readonly ips?: readonly string[];
  /** While it runs: its first process, by the node's numbers. */
  readonly pid?: number;
  /** Folder of what it wrote on its own layer, and the file that the engine keeps its log in, on the node. */
  readonly writableLayer?: string;
  readonly logFile?: string;
}
/** With an empty `podUid` news may have been lost: look at everything. */
export interface RuntimeChange {
  readonly podUid: string;
  readonly containerId: string;
  readonly what: 'started' | 'exited' | 'removed' | 'other';
}

export interface SandboxSpec {
  readonly labels: ContainerLabels;
  readonly hostname: string;
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  readonly sharePidNamespace: boolean;
  readonly sysctls: Readonly<Record<string, string>>;
  /** Name of the runtime, as the engine is configured, by which all containers of the pod run; absent: its default one. */
  readonly runtimeHandler?: string;
  readonly ports: readonly PublishedPort[];
}
export interface PublishedPort {
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIp: string;
  readonly protocol: string;
}
/** What a container may use. */
export interface ContainerAmounts {
  readonly cpuMilliRequest?: number;
  readonly cpuMilliLimit?: number;
  readonly memoryLimitBytes?: number;
}
export interface ContainerSpec extends ContainerAmounts {
  readonly labels: ContainerLabels;
  readonly sandboxId: string;
  /** That of its sandbox, see {@link RuntimeContainer.runtimeHandler}. */
  readonly runtimeHandler?: string;
  readonly image: string;
  /** Replaces the image's entrypoint. */
  readonly command?: readonly string[];
  /** Replaces the image's default arguments. */
  readonly args?: readonly string[];
  readonly env: readonly (readonly [string, string])[];
  readonly mounts: readonly ContainerMount[];
  readonly workingDir?: string;
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly sharePidNamespace: boolean;
  /** The container whose processes it sees. */
  readonly pidOf?: string;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  /** 1000 is killed first when the node is out of memory, -997 last. */
  readonly oomScore: number;
  readonly security: ContainerSecurity;
  readonly stopSignal?: string;
}
export interface ContainerMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly propagation?: 'private' | 'rslave' | 'rshared';
}
export interface ContainerSecurity {
  readonly user?: number;
  readonly group?: number;
  readonly supplementalGroups: readonly number[];
  readonly privileged: boolean;
  readonly capabilitiesAdd: readonly string[];
  readonly capabilitiesDrop: readonly string[];
  readonly readOnlyRootFilesystem: boolean;
  readonly noNewPrivileges: boolean;
  /** `unconfined`, `default` (the engine's own) or a path on the node. */
  readonly seccomp: string;
  /** `unconfined`, or the name of a profile that is loaded on the node; undefined: the engine's own, where the node has AppArmor. */
  readonly appArmor?: string;
  readonly seLinux?: {
    readonly user?: string;
    readonly role?: string;
    readonly type?: string;
    readonly level?: string;
  };
  readonly unmaskedProc: boolean;
}

export interface RuntimeImage {
  /** `sha256:…` */
  readonly id: string;
  readonly names: readonly string[];
  readonly digests: readonly string[];
  readonly sizeBytes: number;
  /** The user that its programs run as: '' is root. */
  readonly user: string;
}
export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
  readonly server: string;
}
export interface ImportOptions {
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly string[];
}

export interface ExecOptions {
  readonly timeoutMs: number;
  /** Output beyond this is dropped. */
  readonly outputBytesMax: number;
}
export interface ExecResult {
  readonly exitCode: number;
  /** Standard output and standard error in the order in which they came. */
  readonly output: string;
  readonly timedOut: boolean;
}
export interface SessionOptions {
  /** Undefined: the container's own program. */
  readonly command?: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}
export interface RuntimeSession {
  /** What the program writes: 1 is its output, 2 its errors. Ends when the program has. */
  readonly output: AsyncIterable<SessionChunk>;
  write(data: Uint8Array): Promise<void>;
  /** The program reads the end of its input. */
  endInput(): void;
  resize(columns: number, rows: number): Promise<void>;
  /** Asked once the output has ended; undefined for a container's own program, whose end is told elsewhere. */
  exitCode(): Promise<number | undefined>;
  close(): void;
}
export interface SessionChunk {
  readonly channel: 1 | 2;
  readonly data: Uint8Array;
}
export interface RuntimeLogOptions {
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly since?: Instant;
  readonly signal?: AbortSignal;
}

/** `network`: the node's range cannot be that of its pods; `unavailable`: the engine did not answer; `notFound`; `start`: the program could not be started; `pull`; `other`. */
export type RuntimeFaultReason = 'unavailable' | 'notFound' | 'start' | 'pull' | 'network' | 'other';
