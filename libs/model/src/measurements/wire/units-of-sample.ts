import type {
  ContainerReading,
  FileSystemReading,
  MachineReading,
  NetworkReading,
  NodeSample,
  PodReading,
  UsageReading,
} from '../node-sample.js';
import { ABSENT, NANOS_SCALE, type Block, type Unit } from './unit.js';

/** The machine of a sample, and when it was read, as they travel. Throws RangeError for a figure that is no count. */
export function machineUnit({ at, ticksMs, machine }: NodeSample): Unit {
  const { network } = machine;
  return {
    shape: { texts: (network ?? []).map(({ name }) => name), containers: 0, networks: sizeOf(network), volumes: 0 },
    blocks: [machineBlock(at, ticksMs, machine), ...(network ?? []).map(networkBlock)],
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
      ...containers.map(containerBlock),
      ...(network ?? []).map(networkBlock),
      ...(volumes ?? []).map(volumeBlock),
      startBlock(pod),
    ],
  };
}

function sizeOf(list: readonly unknown[] | undefined): number {
  return list === undefined ? ABSENT : list.length;
}
function networkBlock(network: NetworkReading): Block {
  const block: Block = [];
  add(block, network.receivedBytes);
  add(block, network.receivedPackets);
  add(block, network.sentBytes);
  add(block, network.sentPackets);
  add(block, network.receiveErrors);
  add(block, network.receiveDrops);
  add(block, network.sendErrors);
  add(block, network.sendDrops);
  return block;
}
function startBlock({ startedAt }: PodReading): Block {
  const block: Block = [];
  add(block, startedAt);
  return block;
}
function containerBlock(container: ContainerReading): Block {
  const block: Block = [];
  addUsage(block, container);
  add(block, container.startedAt);
  addFiles(block, container.rootfs);
  addFiles(block, container.logs);
  return block;
}
function volumeBlock(volume: FileSystemReading): Block {
  const block: Block = [];
  addFiles(block, volume);
  return block;
}
function machineBlock(at: number, ticksMs: number, machine: MachineReading): Block {
  const block: Block = [];
  add(block, at);
  add(block, ticksMs);
  addUsage(block, machine);
  addFiles(block, machine.fileSystem);
  addFiles(block, machine.imageFileSystem);
  add(block, machine.startedAt);
  add(block, machine.cpus);
  add(block, machine.memoryBytes);
  add(block, machine.pidsMax);
  return block;
}

/** The order of `USAGE_SLOTS`. Written out, since it is done for each container each second. */
function addUsage(block: Block, { cpu, memory, io, pids }: UsageReading): void {
  addNanos(block, cpu?.usageNanos);
  add(block, memory?.usage);
  add(block, memory?.workingSet);
  add(block, memory?.rss);
  add(block, memory?.cache);
  add(block, memory?.pageFaults);
  add(block, pids);
  add(block, cpu?.periods);
  add(block, cpu?.throttledPeriods);
  addNanos(block, cpu?.throttledNanos);
  addNanos(block, cpu?.pressureNanos);
  addNanos(block, memory?.pressureNanos);
  add(block, io?.readBytes);
  add(block, io?.reads);
  add(block, io?.writeBytes);
  add(block, io?.writes);
  add(block, memory?.swap);
  add(block, memory?.majorPageFaults);
  add(block, memory?.oomKills);
  add(block, cpu?.limitMilli);
  add(block, memory?.limit);
}
function addFiles(block: Block, of: FileSystemReading | undefined): void {
  add(block, of?.usedBytes);
  add(block, of?.availableBytes);
  add(block, of?.inodesUsed);
  add(block, of?.inodesFree);
  add(block, of?.capacityBytes);
  add(block, of?.inodes);
  add(block, of?.isPartial ? 1 : undefined);
}
function addNanos(block: Block, figure: number | undefined): void {
  add(block, figure === undefined ? undefined : figure / NANOS_SCALE);
}
function add(block: Block, figure: number | undefined): void {
  if (figure === undefined) {
    block.push(ABSENT);
    return;
  }
  const number = Math.round(figure);
  // Before it is rounded: a little less than nothing would become zero, which is a count.
  if (!(figure >= 0 && number <= Number.MAX_SAFE_INTEGER)) throw new RangeError(`a figure that is no count: ${figure}`);
  block.push(number);
}
