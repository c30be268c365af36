import type { CpuReading, MemoryReading, UsageReading } from '#model';
import type { KernelFile, KernelFiles } from '#ports';
import type { CgroupFolders } from './cgroups.js';
import { keyedNumber, numberAt, onlyNumber, orderedNumbers, somePressureNanos } from './keyed-text.js';

/** More than any machine has: the kernel's way to say that there is no limit. */
const NO_LIMIT_BYTES = 2 ** 60;

/** Lines of each file in the kernel's order. */
const V2_THROTTLING = ['\nnr_periods ', '\nnr_throttled ', '\nthrottled_usec '];
const V2_MEMORY = ['\nfile ', '\ninactive_file ', '\npgfault ', '\npgmajfault '];
const V1_THROTTLING = ['\nnr_throttled ', '\nthrottled_time '];
const V1_MEMORY = [
  '\nhierarchical_memory_limit ',
  '\ntotal_cache ',
  '\ntotal_rss ',
  '\ntotal_swap ',
  '\ntotal_pgfault ',
  '\ntotal_pgmajfault ',
  '\ntotal_inactive_file ',
];

/** Figures that change slowly, or that few ask for: read seldom, and shown until they are read again. */
interface SlowFigures extends Pick<MemoryReading, 'limit' | 'swap' | 'oomKills' | 'pressureNanos'> {
  readonly limitMilli?: number | undefined;
  readonly io?: UsageReading['io'];
  readonly pids?: number | undefined;
}

/** Reads one cgroup again and again. */
export interface CgroupReader {
  /** Undefined once the cgroup is gone. */
  read(): UsageReading | undefined;
  /** Reads what {@link read} only repeats. */
  readSlow(): void;
  close(): void;
}

export function cgroupReader(files: KernelFiles, folders: CgroupFolders): CgroupReader | undefined {
  return folders.version === 2 ? V2Reader.open(files, folders.folder) : V1Reader.open(files, folders);
}

class V2Reader implements CgroupReader {
  private slow: SlowFigures = {};

  private constructor(
    private readonly files: KernelFiles,
    private readonly folder: string,
    private readonly cpu: KernelFile,
    private readonly memory: KernelFile | undefined,
    private readonly memoryStat: KernelFile | undefined,
    private readonly pressure: KernelFile | undefined,
  ) {
    this.readSlow();
  }
  static open(files: KernelFiles, folder: string): V2Reader | undefined {
    const at = (name: string): KernelFile | undefined => files.open(`${folder}/${name}`);
    const cpu = at('cpu.stat');
    return cpu && new V2Reader(files, folder, cpu, at('memory.current'), at('memory.stat'), at('cpu.pressure'));
  }

  read(): UsageReading | undefined {
    const stat = this.cpu.read();
    const micros = keyedNumber(stat, 'usage_usec');
    if (micros === undefined) return undefined;
    const { io, pids } = this.slow;
    const pressureNanos = somePressureNanos(this.pressure?.read());
    return { cpu: this.cpuOf(micros * 1000, stat, pressureNanos), memory: this.readMemory(), io, pids };
  }
  private cpuOf(usageNanos: number, stat: string | undefined, pressureNanos: number | undefined): CpuReading {
    const { limitMilli } = this.slow;
    if (limitMilli === undefined) return { usageNanos, pressureNanos };
    const [periods, throttledPeriods, throttledMicros] = orderedNumbers(stat, V2_THROTTLING);
    const throttledNanos = throttledMicros === undefined ? undefined : throttledMicros * 1000;
    return { usageNanos, limitMilli, periods, throttledPeriods, throttledNanos, pressureNanos };
  }
  private readMemory(): MemoryReading | undefined {
    const usage = onlyNumber(this.memory?.read());
    if (usage === undefined) return undefined;
    const stat = this.memoryStat?.read();
    const rss = keyedNumber(stat, 'anon') ?? 0;
    const [cache, inactiveFile = 0, pageFaults, majorPageFaults] = orderedNumbers(stat, V2_MEMORY);
    const workingSet = Math.max(usage - inactiveFile, 0);
    const { limit, swap, oomKills, pressureNanos } = this.slow;
    return { usage, workingSet, rss, cache, swap, limit, pageFaults, majorPageFaults, oomKills, pressureNanos };
  }
  readSlow(): void {
    const text = (name: string): string | undefined => this.files.text(`${this.folder}/${name}`);
    const [quota = '', period = ''] = (text('cpu.max') ?? '').split(' ');
    this.slow = {
      limitMilli: milliOf(onlyNumber(quota), onlyNumber(period)),
      limit: limitOf(onlyNumber(text('memory.max'))),
      swap: onlyNumber(text('memory.swap.current')),
      oomKills: keyedNumber(text('memory.events'), 'oom_kill'),
      pressureNanos: somePressureNanos(text('memory.pressure')),
      io: v2Io(text('io.stat')),
      pids: onlyNumber(text('pids.current')),
    };
  }
  close(): void {
    for (const file of [this.cpu, this.memory, this.memoryStat, this.pressure]) file?.close();
  }
}

class V1Reader implements CgroupReader {
  private slow: SlowFigures = {};

  private constructor(
    private readonly files: KernelFiles,
    private readonly folders: CgroupFolders & { version: 1 },
    private readonly usage: KernelFile,
    private readonly cpuStat: KernelFile | undefined,
    private readonly memory: KernelFile | undefined,
    private readonly memoryStat: KernelFile | undefined,
  ) {
    this.readSlow();
  }
  static open(files: KernelFiles, folders: CgroupFolders & { version: 1 }): V1Reader | undefined {
    const at = (folder: string | undefined, name: string): KernelFile | undefined =>
      folder === undefined ? undefined : files.open(`${folder}/${name}`);
    const { cpuacct, cpu, memory } = folders;
    const usage = at(cpuacct, 'cpuacct.usage');
    const inBytes = at(memory, 'memory.usage_in_bytes');
    return usage && new V1Reader(files, folders, usage, at(cpu, 'cpu.stat'), inBytes, at(memory, 'memory.stat'));
  }

  read(): UsageReading | undefined {
    const usageNanos = onlyNumber(this.usage.read());
    if (usageNanos === undefined) return undefined;
    const { io, pids } = this.slow;
    return { cpu: this.cpuOf(usageNanos), memory: this.readMemory(), io, pids };
  }
  private cpuOf(usageNanos: number): CpuReading {
    const { limitMilli } = this.slow;
    if (limitMilli === undefined) return { usageNanos };
    const stat = this.cpuStat?.read();
    const periods = keyedNumber(stat, 'nr_periods');
    const [throttledPeriods, throttledNanos] = orderedNumbers(stat, V1_THROTTLING);
    return { usageNanos, limitMilli, periods, throttledPeriods, throttledNanos };
  }
  private readMemory(): MemoryReading | undefined {
    const usage = onlyNumber(this.memory?.read());
    if (usage === undefined) return undefined;
    const [limit, cache, rss = 0, swap, pageFaults, majorPageFaults, inactiveFile = 0] = orderedNumbers(
      this.memoryStat?.read(),
      V1_MEMORY,
    );
    const workingSet = Math.max(usage - inactiveFile, 0);
    const { oomKills } = this.slow;
    return { usage, workingSet, rss, cache, swap, limit: limitOf(limit), pageFaults, majorPageFaults, oomKills };
  }
  readSlow(): void {
    const { cpu, memory, pids, blkio } = this.folders;
    const text = (folder: string | undefined, name: string): string | undefined =>
      folder === undefined ? undefined : this.files.text(`${folder}/${name}`);
    const quota = onlyNumber(text(cpu, 'cpu.cfs_quota_us'));
    this.slow = {
      limitMilli: milliOf(quota, onlyNumber(text(cpu, 'cpu.cfs_period_us'))),
      oomKills: keyedNumber(text(memory, 'memory.oom_control'), 'oom_kill'),
      io: v1Io(
        text(blkio, 'blkio.throttle.io_service_bytes_recursive') ?? text(blkio, 'blkio.throttle.io_service_bytes'),
        text(blkio, 'blkio.throttle.io_serviced_recursive') ?? text(blkio, 'blkio.throttle.io_serviced'),
      ),
      pids: onlyNumber(text(pids, 'pids.current')),
    };
  }
  close(): void {
    for (const file of [this.usage, this.cpuStat, this.memory, this.memoryStat]) file?.close();
  }
}

/** `8:0 rbytes=1 wbytes=2 rios=3 wios=4 …`, a line for each device. */
function v2Io(text: string | undefined): UsageReading['io'] {
  if (text === undefined) return undefined;
  const sum = { readBytes: 0, writeBytes: 0, reads: 0, writes: 0 };
  for (const line of text.split('\n')) {
    const of = (key: string): number => {
      const at = line.indexOf(` ${key}=`);
      return at === -1 ? 0 : (numberAt(line, at + key.length + 2) ?? 0);
    };
    sum.readBytes += of('rbytes');
    sum.writeBytes += of('wbytes');
    sum.reads += of('rios');
    sum.writes += of('wios');
  }
  return sum;
}
/** `8:0 Read 1`, a line for each device and direction. */
function v1Io(bytes: string | undefined, operations: string | undefined): UsageReading['io'] {
  if (bytes === undefined || operations === undefined) return undefined;
  return {
    readBytes: sumOf(bytes, ' Read '),
    writeBytes: sumOf(bytes, ' Write '),
    reads: sumOf(operations, ' Read '),
    writes: sumOf(operations, ' Write '),
  };
}
function sumOf(text: string, direction: string): number {
  let sum = 0;
  for (let at = text.indexOf(direction); at !== -1; at = text.indexOf(direction, at + 1))
    sum += numberAt(text, at + direction.length) ?? 0;
  return sum;
}
function milliOf(quota: number | undefined, period: number | undefined): number | undefined {
  return quota === undefined || !period ? undefined : Math.round((quota / period) * 1000);
}
function limitOf(bytes: number | undefined): number | undefined {
  return bytes === undefined || bytes >= NO_LIMIT_BYTES ? undefined : bytes;
}
