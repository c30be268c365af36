import type { FileSystemReading, MachineReading, MemoryReading, NetworkReading } from '#model';
import type { FileTrees, KernelFile, KernelFiles } from '#ports';
import { cgroupReader, type CgroupReader } from './cgroup-reader.js';
import type { Cgroups } from './cgroups.js';
import { keyedNumber, meminfoBytes, numberAt, onlyNumber, somePressureNanos } from './keyed-text.js';
import { networkReadings } from './network.js';

/** Time of a processor is shown in hundredths of a second. */
const NANOS_PER_TICK = 10_000_000;
/** Ends of pods' connections and bridges of engines: what goes over them goes over the machine's interfaces or stays inside. */
const INNER_INTERFACE = /^(veth|br-|docker|cni|cali|flannel|shiplog|ifb|dummy|virbr)/;

export interface MachinePlaces {
  /** Folder where pods keep their files, and where the engine keeps its images. */
  readonly pods: string;
  readonly images: string;
}

/** Reads the machine as a whole. */
export class MachineReader {
  private readonly top: CgroupReader | undefined;
  private readonly meminfo: KernelFile | undefined;
  private readonly startedAt: number;
  private readonly cpus: number;
  private network: readonly NetworkReading[] | undefined;
  private pids: number | undefined;
  private pidsMax: number | undefined;
  private pressure: { readonly cpu: number | undefined; readonly memory: number | undefined } | undefined;
  private fileSystem: FileSystemReading | undefined;
  private imageFileSystem: FileSystemReading | undefined;

  constructor(
    private readonly files: KernelFiles,
    cgroups: Cgroups,
    private readonly trees: FileTrees | undefined,
    private readonly places: MachinePlaces,
  ) {
    const folders = cgroups.top;
    this.top = folders && cgroupReader(files, folders);
    this.meminfo = files.open('/proc/meminfo');
    const stat = files.text('/proc/stat') ?? '';
    this.startedAt = (keyedNumber(stat, 'btime') ?? 0) * 1000;
    this.cpus = stat.match(/^cpu\d/gm)?.length ?? 1;
    this.readSlow();
  }

  read(): MachineReading {
    const meminfo = this.meminfo?.read() ?? '';
    const { network, pids, pidsMax, pressure, fileSystem, imageFileSystem } = this;
    const usageNanos = this.top?.read()?.cpu?.usageNanos ?? this.processorNanos();
    const memory = memoryOf(meminfo);
    return {
      startedAt: this.startedAt,
      cpus: this.cpus,
      memoryBytes: meminfoBytes(meminfo, 'MemTotal') ?? 0,
      ...(usageNanos !== undefined && {
        cpu: { usageNanos, ...(pressure?.cpu !== undefined && { pressureNanos: pressure.cpu }) },
      }),
      ...(memory && {
        memory: { ...memory, ...(pressure?.memory !== undefined && { pressureNanos: pressure.memory }) },
      }),
      ...(pids !== undefined && { pids }),
      ...(pidsMax !== undefined && pidsMax < Infinity && { pidsMax }),
      ...(network && { network }),
      ...(fileSystem && { fileSystem }),
      ...(imageFileSystem && { imageFileSystem }),
    };
  }
  readSlow(): void {
    const { files, trees, places } = this;
    // Of the first process, since this one may be in a container.
    const network = files.text('/proc/1/net/dev') ?? files.text('/proc/net/dev');
    this.network = (network && networkReadings(network).filter(({ name }) => !INNER_INTERFACE.test(name))) || undefined;
    const load = files.text('/proc/loadavg') ?? '';
    this.pids = numberAt(load, load.indexOf('/') + 1);
    const limits = ['pid_max', 'threads-max'].map(
      (name) => onlyNumber(files.text(`/proc/sys/kernel/${name}`)) ?? Infinity,
    );
    this.pidsMax = Math.min(...limits);
    this.pressure = {
      cpu: somePressureNanos(files.text('/proc/pressure/cpu')),
      memory: somePressureNanos(files.text('/proc/pressure/memory')),
    };
    this.fileSystem = trees?.space(places.pods);
    this.imageFileSystem = trees?.space(places.images) ?? this.fileSystem;
  }
  close(): void {
    this.top?.close();
    this.meminfo?.close();
  }

  /** Where the machine's own cgroup cannot be seen. Guests' time is part of user time already. */
  private processorNanos(): number | undefined {
    const columns = /^cpu +(.*)$/m
      .exec(this.files.text('/proc/stat') ?? '')?.[1]
      ?.split(' ')
      .map(Number);
    if (columns === undefined) return undefined;
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = columns;
    return (user + nice + system + irq + softirq + steal) * NANOS_PER_TICK;
  }
}

/** As a kubelet counts a machine: all that is not free, without file pages that nobody used lately. */
function memoryOf(meminfo: string): MemoryReading | undefined {
  const of = (key: string): number | undefined => meminfoBytes(meminfo, key);
  const total = of('MemTotal');
  if (total === undefined) return undefined;
  const usage = total - (of('MemFree') ?? 0);
  return {
    usage,
    workingSet: Math.max(usage - (of('Inactive(file)') ?? 0), 0),
    rss: of('AnonPages') ?? 0,
    cache: of('Cached') ?? 0,
    swap: Math.max((of('SwapTotal') ?? 0) - (of('SwapFree') ?? 0), 0),
  };
}
