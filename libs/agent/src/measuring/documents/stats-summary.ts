import { toTime, type JsonObject } from '#std';
import type {
  ContainerReading,
  CpuReading,
  FileSystemReading,
  MemoryReading,
  NetworkReading,
  NodeSample,
  PodReading,
} from '#model';
import type { MeterReading } from '#ports';
import { podSum } from './resource-metrics.js';

/** What of a counter was there in the sample before, for rates. */
type Before = ReadonlyMap<string, number>;
interface Context {
  readonly time: string;
  readonly elapsedMs: number;
  readonly before: Before;
  readonly machine: NodeSample['machine'];
  readonly sandboxes: MeterReading['sandboxes'];
}
const NODE = 'node';

/** What a kubelet serves at `/stats/summary`: `Summary` of stats/v1alpha1. Rates are those since `previous`. */
export function statsSummary(
  sample: NodeSample,
  sandboxes: MeterReading['sandboxes'],
  previous: NodeSample | undefined,
): JsonObject {
  const { node, at, ticksMs, machine, pods } = sample;
  const before = new Map<string, number>();
  if (previous?.machine.cpu) before.set(NODE, previous.machine.cpu.usageNanos);
  for (const { containers } of previous?.pods ?? [])
    for (const { id, cpu } of containers) if (cpu) before.set(id, cpu.usageNanos);
  const time = toTime(at);
  const context = { time, elapsedMs: previous ? ticksMs - previous.ticksMs : 0, before, machine, sandboxes };
  const { network, fileSystem, imageFileSystem, pids, pidsMax } = machine;
  return json({
    node: {
      nodeName: node,
      startTime: toTime(machine.startedAt),
      cpu: machine.cpu && cpuOf(machine.cpu, rateOf(NODE, machine.cpu, context), time),
      memory: machine.memory && memoryOf({ limit: machine.memoryBytes, ...machine.memory }, time),
      network: network && networkOf(network, time),
      fs: fileSystem && fileSystemOf(fileSystem, undefined, time),
      runtime: imageFileSystem && { imageFs: fileSystemOf(imageFileSystem, undefined, time) },
      rlimit: pids !== undefined && pidsMax !== undefined ? { time, maxpid: pidsMax, curproc: pids } : undefined,
      swap: machine.memory?.swap === undefined ? undefined : { time, swapUsageBytes: machine.memory.swap },
    },
    pods: pods.map((pod) => podStats(pod, context)),
  });
}

function podStats(pod: PodReading, context: Context): object {
  const { time, machine, sandboxes } = context;
  const { name, namespace, uid, startedAt, containers, network, volumes } = pod;
  const sum = (figure: (container: ContainerReading) => number | undefined): number | undefined =>
    podSum(pod, sandboxes, figure);
  const usageNanos = sum(({ cpu }) => cpu?.usageNanos);
  const rates = containers.map(({ id, cpu }) => cpu && rateOf(id, cpu, context));
  const rate = rates.includes(undefined) ? undefined : rates.reduce<number>((total, one) => total + (one ?? 0), 0);
  const usage = sum(({ memory }) => memory?.usage);
  const pids = sum((container) => container.pids);
  const onDisk = [...containers.flatMap(({ rootfs, logs }) => [rootfs, logs]), ...(volumes ?? [])];
  const known = onDisk.filter((files) => files !== undefined);
  return {
    podRef: { name, namespace, uid },
    startTime: toTime(startedAt),
    containers: containers.map((container) => containerStats(container, context)),
    cpu: usageNanos === undefined ? undefined : cpuOf({ usageNanos }, rate, time),
    memory:
      usage === undefined
        ? undefined
        : memoryOf(
            {
              usage,
              workingSet: sum(({ memory }) => memory?.workingSet) ?? 0,
              rss: sum(({ memory }) => memory?.rss) ?? 0,
              pageFaults: sum(({ memory }) => memory?.pageFaults),
              majorPageFaults: sum(({ memory }) => memory?.majorPageFaults),
            },
            time,
          ),
    network: network && networkOf(network, time),
    volume: volumes?.map((volume) => ({ ...fileSystemOf(volume, machine.fileSystem, time), name: volume.name })),
    'ephemeral-storage':
      known.length === 0
        ? undefined
        : fileSystemOf(
            {
              usedBytes: known.reduce((total, { usedBytes }) => total + usedBytes, 0),
              inodesUsed: known.reduce((total, { inodesUsed = 0 }) => total + inodesUsed, 0),
            },
            machine.fileSystem,
            time,
          ),
    process_stats: pids === undefined ? undefined : { process_count: pids },
  };
}
function containerStats(container: ContainerReading, context: Context): object {
  const { id, name, startedAt, cpu, memory, rootfs, logs } = container;
  const { time, machine } = context;
  return {
    name,
    startTime: toTime(startedAt),
    cpu: cpu && cpuOf(cpu, rateOf(id, cpu, context), time),
    memory: memory && memoryOf(memory, time),
    rootfs: rootfs && fileSystemOf(rootfs, machine.imageFileSystem, time),
    logs: logs && fileSystemOf(logs, machine.fileSystem, time),
    swap: memory?.swap === undefined ? undefined : { time, swapUsageBytes: memory.swap },
  };
}

/** Undefined without a sample before it, and for a counter that began anew. */
function rateOf(id: string, { usageNanos }: CpuReading, { before, elapsedMs }: Context): number | undefined {
  const then = before.get(id);
  if (then === undefined || then > usageNanos || elapsedMs <= 0) return undefined;
  return Math.round(((usageNanos - then) / elapsedMs) * 1000);
}
function cpuOf({ usageNanos, pressureNanos }: CpuReading, usageNanoCores: number | undefined, time: string): object {
  return { time, usageNanoCores, usageCoreNanoSeconds: usageNanos, psi: psiOf(pressureNanos) };
}
/** Totals only: averages are the kernel's own business. */
function psiOf(nanos: number | undefined): object | undefined {
  return nanos === undefined ? undefined : { some: { total: nanos } };
}
function memoryOf(
  memory: Omit<MemoryReading, 'pageFaults' | 'majorPageFaults'> & {
    pageFaults?: number | undefined;
    majorPageFaults?: number | undefined;
  },
  time: string,
): object {
  const { usage, workingSet, rss, limit, pageFaults, majorPageFaults } = memory;
  return {
    time,
    availableBytes: limit === undefined ? undefined : Math.max(limit - workingSet, 0),
    usageBytes: usage,
    workingSetBytes: workingSet,
    rssBytes: rss,
    pageFaults,
    majorPageFaults,
  };
}
/** The first interface is the one that counts, as with a kubelet. */
function networkOf(interfaces: readonly NetworkReading[], time: string): object {
  const shown = interfaces.map(({ name, receivedBytes, receiveErrors, sentBytes, sendErrors }) => ({
    name,
    rxBytes: receivedBytes,
    rxErrors: receiveErrors,
    txBytes: sentBytes,
    txErrors: sendErrors,
  }));
  return { time, ...shown[0], interfaces: shown };
}
/** `on` is the file system that holds the files, where they do not have one of their own. */
function fileSystemOf(files: FileSystemReading, on: FileSystemReading | undefined, time: string): object {
  return {
    time,
    availableBytes: files.availableBytes ?? on?.availableBytes,
    capacityBytes: files.capacityBytes ?? on?.capacityBytes,
    usedBytes: files.usedBytes,
    inodesFree: files.inodesFree ?? on?.inodesFree,
    inodes: files.inodes ?? on?.inodes,
    inodesUsed: files.inodesUsed,
  };
}
/** Without what is undefined. */
function json(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
