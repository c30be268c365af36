import type {
  ContainerReading,
  CpuReading,
  FileSystemReading,
  MachineReading,
  MemoryReading,
  NetworkReading,
  PodReading,
  UsageReading,
} from '../node-sample.js';
import { MalformedFrame } from './frame-bytes.js';
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

type Figure = number | undefined;
/** Gives the figures of a block in the order of its table. */
class Figures {
  private at = 0;
  constructor(
    private readonly block: Block | undefined,
    private readonly slots: readonly Slot[],
  ) {}
  next(): Figure {
    const number = this.block?.[this.at] ?? ABSENT;
    const scale = this.slots[this.at++]?.scale ?? 1;
    return number === ABSENT ? undefined : number * scale;
  }
  some(what: string): number {
    return needed(this.next(), what);
  }
}

/** The machine that a unit holds, with when it was read. Throws {@link MalformedFrame} where a figure is missing. */
export function machineOf({ shape, blocks }: Unit): {
  readonly at: number;
  readonly ticksMs: number;
  readonly machine: MachineReading;
} {
  const figures = new Figures(blocks[0], MACHINE_SLOTS);
  const at = figures.some('a time');
  const ticksMs = figures.some('a tick');
  const usage = usageOf(figures);
  const fileSystem = fileSystemOf(figures);
  const imageFileSystem = fileSystemOf(figures);
  const machine: MachineReading = {
    ...usage,
    startedAt: figures.some('a start'),
    cpus: figures.some('processors'),
    memoryBytes: figures.some('memory'),
    ...present('pidsMax', figures.next()),
    ...present('fileSystem', fileSystem),
    ...present('imageFileSystem', imageFileSystem),
    ...(shape.networks !== ABSENT && {
      network: shape.texts.map((name, i) => networkOf(name, blocks[1 + i])),
    }),
  };
  return { at, ticksMs, machine };
}

/** The pod that a unit holds. Throws {@link MalformedFrame} where a figure is missing. */
export function podOf({ shape, blocks }: Unit): PodReading {
  const { texts, containers, networks, volumes } = shape;
  const [namespace = '', name = '', uid = ''] = texts;
  const networkTexts = 3 + 2 * containers;
  const volumeTexts = networkTexts + Math.max(networks, 0);
  const volumeBlocks = containers + Math.max(networks, 0);
  return {
    uid,
    namespace,
    name,
    startedAt: new Figures(blocks.at(-1), POD_SLOTS).some('the start of a pod'),
    containers: Array.from({ length: containers }, (_, i) =>
      containerOf(texts[3 + 2 * i] ?? '', texts[4 + 2 * i] ?? '', blocks[i]),
    ),
    ...(networks !== ABSENT && {
      network: texts.slice(networkTexts, volumeTexts).map((text, i) => networkOf(text, blocks[containers + i])),
    }),
    ...(volumes !== ABSENT && {
      volumes: texts.slice(volumeTexts).map((text, i) => {
        const files = fileSystemOf(new Figures(blocks[volumeBlocks + i], FILE_SYSTEM_SLOTS));
        return { name: text, ...needed(files, 'the use of a volume') };
      }),
    }),
  };
}

function containerOf(name: string, id: string, block: Block | undefined): ContainerReading {
  const figures = new Figures(block, CONTAINER_SLOTS);
  const usage = usageOf(figures);
  const startedAt = figures.some('the start of a container');
  const rootfs = fileSystemOf(figures);
  const logs = fileSystemOf(figures);
  return { name, id, startedAt, ...usage, ...present('rootfs', rootfs), ...present('logs', logs) };
}

function usageOf(figures: Figures): UsageReading {
  const usageNanos = figures.next();
  const usage = figures.next();
  const workingSet = figures.next();
  const rss = figures.next();
  const cache = figures.next();
  const pageFaults = figures.next();
  const pids = figures.next();
  const cpuMore = {
    ...present('periods', figures.next()),
    ...present('throttledPeriods', figures.next()),
    ...present('throttledNanos', figures.next()),
    ...present('pressureNanos', figures.next()),
  };
  const memoryPressure = figures.next();
  const io = {
    readBytes: figures.next(),
    reads: figures.next(),
    writeBytes: figures.next(),
    writes: figures.next(),
  };
  const memoryMore = {
    ...present('cache', cache),
    ...present('pageFaults', pageFaults),
    ...present('pressureNanos', memoryPressure),
    ...present('swap', figures.next()),
    ...present('majorPageFaults', figures.next()),
    ...present('oomKills', figures.next()),
  };
  const cpuLimit = present('limitMilli', figures.next());
  const memoryLimit = present('limit', figures.next());
  const cpu: CpuReading | undefined = usageNanos === undefined ? undefined : { usageNanos, ...cpuLimit, ...cpuMore };
  const memory: MemoryReading | undefined =
    usage === undefined
      ? undefined
      : {
          usage,
          workingSet: needed(workingSet, 'a working set'),
          rss: needed(rss, 'a resident set'),
          ...memoryMore,
          ...memoryLimit,
        };
  return {
    ...present('cpu', cpu),
    ...present('memory', memory),
    ...(io.readBytes !== undefined && {
      io: {
        readBytes: io.readBytes,
        writeBytes: needed(io.writeBytes, 'bytes written'),
        reads: needed(io.reads, 'reads'),
        writes: needed(io.writes, 'writes'),
      },
    }),
    ...present('pids', pids),
  };
}

function fileSystemOf(figures: Figures): FileSystemReading | undefined {
  const usedBytes = figures.next();
  const rest = {
    ...present('availableBytes', figures.next()),
    ...present('inodesUsed', figures.next()),
    ...present('inodesFree', figures.next()),
    ...present('capacityBytes', figures.next()),
    ...present('inodes', figures.next()),
    ...(figures.next() !== undefined && { isPartial: true as const }),
  };
  return usedBytes === undefined ? undefined : { usedBytes, ...rest };
}

function networkOf(name: string, block: Block | undefined): NetworkReading {
  const figures = new Figures(block, NETWORK_SLOTS);
  const receivedBytes = figures.some('bytes received');
  const receivedPackets = figures.next();
  const sentBytes = figures.some('bytes sent');
  const sentPackets = figures.next();
  const receiveErrors = figures.some('errors of receiving');
  const receiveDrops = figures.next();
  const sendErrors = figures.some('errors of sending');
  return {
    name,
    receivedBytes,
    ...present('receivedPackets', receivedPackets),
    receiveErrors,
    ...present('receiveDrops', receiveDrops),
    sentBytes,
    ...present('sentPackets', sentPackets),
    sendErrors,
    ...present('sendDrops', figures.next()),
  };
}

function present<Name extends string, Value>(name: Name, value: Value | undefined): { readonly [N in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: Value };
}
function needed<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new MalformedFrame(`${what} missing`);
  return value;
}
