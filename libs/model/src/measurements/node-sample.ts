/**
 * What the agent of a node read in one interval. It travels on the subject of its node, is no event, and may be late, lost,
 * doubled or out of order. Counters are what the kernel counted since the container began, so a lost sample loses no use,
 * and a counter that is lower than before has begun anew.
 */
export interface NodeSample {
  readonly node: string;
  /** The life of the agent. Another one numbers its samples from the beginning. */
  readonly boot: string;
  /** Grows by one with each sample of a life. */
  readonly sequence: number;
  /** When it was read, by the wall clock of the node; milliseconds since 1970. */
  readonly at: number;
  /** The same by a clock of the node that nobody sets; milliseconds since any beginning. Intervals are differences of these. */
  readonly ticksMs: number;
  readonly machine: MachineReading;
  /** Pods that have a running container, by the agent's knowledge. */
  readonly pods: readonly PodReading[];
}

/** What a cgroup, or the machine, was read to use. What the kernel does not tell is absent. */
export interface UsageReading {
  readonly cpu?: CpuReading;
  readonly memory?: MemoryReading;
  /** Bytes and operations of block devices since the beginning. */
  readonly io?: {
    readonly readBytes: number;
    readonly writeBytes: number;
    readonly reads: number;
    readonly writes: number;
  };
  /** Tasks now. */
  readonly pids?: number;
}
export interface CpuReading {
  /** Time on processors since the beginning, in nanoseconds. */
  readonly usageNanos: number;
  /** The limit in thousandths of a processor; absent without one. */
  readonly limitMilli?: number;
  /** Enforcement periods that passed and in which the limit was reached, and the time that tasks were held; since the beginning. */
  readonly periods?: number;
  readonly throttledPeriods?: number;
  readonly throttledNanos?: number;
  /** Time in which some task waited for a processor (PSI `some`), in nanoseconds since the beginning; cgroups v2 only. */
  readonly pressureNanos?: number;
}
/** Bytes, unless it says otherwise. */
export interface MemoryReading {
  readonly usage: number;
  /** Usage without file pages that nobody used lately: what Kubernetes compares with requests and limits. */
  readonly workingSet: number;
  readonly rss: number;
  readonly cache?: number;
  readonly swap?: number;
  readonly limit?: number;
  readonly pageFaults?: number;
  readonly majorPageFaults?: number;
  readonly oomKills?: number;
  /** Nanoseconds since the beginning in which some task waited for memory (PSI `some`); cgroups v2 only. */
  readonly pressureNanos?: number;
}
export interface FileSystemReading {
  readonly usedBytes: number;
  readonly capacityBytes?: number;
  readonly availableBytes?: number;
  readonly inodesUsed?: number;
  readonly inodes?: number;
  readonly inodesFree?: number;
  /** The tree was too large for its budget: what was counted so far. */
  readonly isPartial?: true;
}
export interface NetworkReading {
  readonly name: string;
  readonly receivedBytes: number;
  readonly receivedPackets?: number;
  readonly receiveErrors: number;
  readonly receiveDrops?: number;
  readonly sentBytes: number;
  readonly sentPackets?: number;
  readonly sendErrors: number;
  readonly sendDrops?: number;
}
export interface ContainerReading extends UsageReading {
  readonly name: string;
  /** The engine's id, without its scheme: another one is another life of the container. */
  readonly id: string;
  /** When this life began, by the wall clock of the node; milliseconds since 1970. */
  readonly startedAt: number;
  /** What the container wrote on its own layer, and its logs. */
  readonly rootfs?: FileSystemReading;
  readonly logs?: FileSystemReading;
}
export interface PodReading {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly startedAt: number;
  readonly containers: readonly ContainerReading[];
  /** Of the network namespace of the pod; absent for pods in the network of their host. */
  readonly network?: readonly NetworkReading[];
  readonly volumes?: readonly (FileSystemReading & { readonly name: string })[];
}
export interface MachineReading extends UsageReading {
  readonly startedAt: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly network?: readonly NetworkReading[];
  /** Where pods keep their files. */
  readonly fileSystem?: FileSystemReading;
  /** Where the engine keeps its images. */
  readonly imageFileSystem?: FileSystemReading;
  readonly pidsMax?: number;
}
