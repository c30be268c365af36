import type {
  ContainerReading,
  FileSystemReading,
  MachineReading,
  NetworkReading,
  NodeSample,
  PodReading,
  UsageReading,
} from '../node-sample.js';
import {
  ABSENT,
  CONTAINER_SLOTS,
  FILE_SYSTEM_SLOTS,
  MACHINE_SLOTS,
  NETWORK_SLOTS,
  POD_SLOTS,
  type Block,
  type Slot,
  type Unit,
} from './unit.js';

type Figures = readonly (number | undefined)[];

/** The machine of a sample, and when it was read, as they travel. Throws RangeError for a figure that is no count. */
export function machineUnit({ at, ticksMs, machine }: NodeSample): Unit {
  const { network } = machine;
  return {
    shape: { texts: (network ?? []).map(({ name }) => name), containers: 0, networks: sizeOf(network), volumes: 0 },
    blocks: [block(machineFigures(at, ticksMs, machine), MACHINE_SLOTS), ...(network ?? []).map(networkBlock)],
  };
}
/** A pod of a sample as it travels. Throws RangeError for a figure that is no count. */
export function podUnit(pod: PodReading): Unit {
  const { containers, network, volumes } = pod;
  return {
    shape: {
      texts: [
        pod.namespace,
        pod.name,
        pod.uid,
        ...containers.flatMap(({ name, id }) => [name, id]),
        ...(network ?? []).map(({ name }) => name),
        ...(volumes ?? []).map(({ name }) => name),
      ],
      containers: containers.length,
      networks: sizeOf(network),
      volumes: sizeOf(volumes),
    },
    blocks: [
      ...containers.map((container) => block(containerFigures(container), CONTAINER_SLOTS)),
      ...(network ?? []).map(networkBlock),
      ...(volumes ?? []).map((volume) => block(fileSystemFigures(volume), FILE_SYSTEM_SLOTS)),
      block([pod.startedAt], POD_SLOTS),
    ],
  };
}

function sizeOf(list: readonly unknown[] | undefined): number {
  return list === undefined ? ABSENT : list.length;
}
function networkBlock(network: NetworkReading): Block {
  return block(networkFigures(network), NETWORK_SLOTS);
}
function block(figures: Figures, slots: readonly Slot[]): Block {
  return slots.map(({ scale }, i) => {
    const figure = figures[i];
    if (figure === undefined) return ABSENT;
    const number = Math.round(figure / scale);
    if (!(number >= 0 && number <= Number.MAX_SAFE_INTEGER))
      throw new RangeError(`a figure that is no count: ${figure}`);
    return number;
  });
}

/** The order of `USAGE_SLOTS`. */
function usageFigures({ cpu, memory, io, pids }: UsageReading): Figures {
  return [
    cpu?.usageNanos,
    memory?.usage,
    memory?.workingSet,
    memory?.rss,
    memory?.cache,
    memory?.pageFaults,
    pids,
    cpu?.periods,
    cpu?.throttledPeriods,
    cpu?.throttledNanos,
    cpu?.pressureNanos,
    memory?.pressureNanos,
    io?.readBytes,
    io?.reads,
    io?.writeBytes,
    io?.writes,
    memory?.swap,
    memory?.majorPageFaults,
    memory?.oomKills,
    cpu?.limitMilli,
    memory?.limit,
  ];
}
function fileSystemFigures(of: FileSystemReading | undefined): Figures {
  return [
    of?.usedBytes,
    of?.availableBytes,
    of?.inodesUsed,
    of?.inodesFree,
    of?.capacityBytes,
    of?.inodes,
    of?.isPartial ? 1 : undefined,
  ];
}
function networkFigures(of: NetworkReading): Figures {
  return [
    of.receivedBytes,
    of.receivedPackets,
    of.sentBytes,
    of.sentPackets,
    of.receiveErrors,
    of.receiveDrops,
    of.sendErrors,
    of.sendDrops,
  ];
}
function containerFigures(container: ContainerReading): Figures {
  return [
    ...usageFigures(container),
    container.startedAt,
    ...fileSystemFigures(container.rootfs),
    ...fileSystemFigures(container.logs),
  ];
}
function machineFigures(at: number, ticksMs: number, machine: MachineReading): Figures {
  return [
    at,
    ticksMs,
    ...usageFigures(machine),
    ...fileSystemFigures(machine.fileSystem),
    ...fileSystemFigures(machine.imageFileSystem),
    machine.startedAt,
    machine.cpus,
    machine.memoryBytes,
    machine.pidsMax,
  ];
}
