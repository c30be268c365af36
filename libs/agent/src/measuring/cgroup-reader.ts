import type { CpuReading, MemoryReading, UsageReading } from '#model';
import type { KernelFile, KernelFiles } from '#ports';
import type { CgroupFolders } from './cgroups.js';
import { keyedNumber, numberAt, onlyNumber, somePressureNanos } from './keyed-text.js';

/** More than any machine has: the kernel's way to say that there is no limit. */
const NO_LIMIT_BYTES = 2 ** 60;

/** Figures that change slowly, or that few ask for: read seldom, and shown until they are read again. */
interface SlowFigures {
  readonly limitMilli?: number;
  readonly memory?: Pick<MemoryReading, 'limit' | 'swap' | 'oomKills' | 'pressureNanos'>;
  readonly io?: UsageReading['io'];
  readonly pids?: number;
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
    const { limitMilli, memory: slowMemory, io, pids } = this.slow;
    const cpu: CpuReading = {
      usageNanos: micros * 1000,
      ...(limitMilli !== undefined && { limitMilli, ...v2Throttling(stat) }),
      ...present('pressureNanos', somePressureNanos(this.pressure?.read())),
    };
    const memory = this.readMemory();
    return {
      cpu,
      ...(memory && { memory: { ...memory, ...slowMemory } }),
      ...present('io', io),
      ...present('pids', pids),
    };
  }
  private readMemory(): MemoryReading | undefined {
    const usage = onlyNumber(this.memory?.read());
    if (usage === undefined) return undefined;
    const stat = this.memoryStat?.read();
    return {
      usage,
      workingSet: Math.max(usage - (keyedNumber(stat, 'inactive_file') ?? 0), 0),
      rss: keyedNumber(stat, 'anon') ?? 0,
      ...present('cache', keyedNumber(stat, 'file')),
      ...present('pageFaults', keyedNumber(stat, 'pgfault')),
      ...present('majorPageFaults', keyedNumber(stat, 'pgmajfault')),
    };
  }
  readSlow(): void {
    const text = (name: string): string | undefined => this.files.text(`${this.folder}/${name}`);
    const [quota = '', period = ''] = (text('cpu.max') ?? '').split(' ');
    this.slow = {
      ...present('limitMilli', milliOf(onlyNumber(quota), onlyNumber(period))),
      memory: {
        ...present('limit', limitOf(onlyNumber(text('memory.max')))),
        ...present('swap', onlyNumber(text('memory.swap.current'))),
        ...present('oomKills', keyedNumber(text('memory.events'), 'oom_kill')),
        ...present('pressureNanos', somePressureNanos(text('memory.pressure'))),
      },
      ...present('io', v2Io(text('io.stat'))),
      ...present('pids', onlyNumber(text('pids.current'))),
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
    const { limitMilli, memory: slowMemory, io, pids } = this.slow;
    const memory = this.readMemory();
    return {
      cpu: {
        usageNanos,
        ...(limitMilli !== undefined && { limitMilli, ...v1Throttling(this.cpuStat?.read()) }),
      },
      ...(memory && { memory: { ...memory, ...slowMemory } }),
      ...present('io', io),
      ...present('pids', pids),
    };
  }
  private readMemory(): MemoryReading | undefined {
    const usage = onlyNumber(this.memory?.read());
    if (usage === undefined) return undefined;
    const stat = this.memoryStat?.read();
    return {
      usage,
      workingSet: Math.max(usage - (keyedNumber(stat, 'total_inactive_file') ?? 0), 0),
      rss: keyedNumber(stat, 'total_rss') ?? 0,
      ...present('cache', keyedNumber(stat, 'total_cache')),
      ...present('swap', keyedNumber(stat, 'total_swap')),
      ...present('limit', limitOf(keyedNumber(stat, 'hierarchical_memory_limit'))),
      ...present('pageFaults', keyedNumber(stat, 'total_pgfault')),
      ...present('majorPageFaults', keyedNumber(stat, 'total_pgmajfault')),
    };
  }
  readSlow(): void {
    const { cpu, memory, pids, blkio } = this.folders;
    const text = (folder: string | undefined, name: string): string | undefined =>
      folder === undefined ? undefined : this.files.text(`${folder}/${name}`);
    const quota = onlyNumber(text(cpu, 'cpu.cfs_quota_us'));
    this.slow = {
      ...present('limitMilli', milliOf(quota, onlyNumber(text(cpu, 'cpu.cfs_period_us')))),
      memory: { ...present('oomKills', keyedNumber(text(memory, 'memory.oom_control'), 'oom_kill')) },
      ...present(
        'io',
        v1Io(
          text(blkio, 'blkio.throttle.io_service_bytes_recursive') ?? text(blkio, 'blkio.throttle.io_service_bytes'),
          text(blkio, 'blkio.throttle.io_serviced_recursive') ?? text(blkio, 'blkio.throttle.io_serviced'),
        ),
      ),
      ...present('pids', onlyNumber(text(pids, 'pids.current'))),
    };
  }
  close(): void {
    for (const file of [this.usage, this.cpuStat, this.memory, this.memoryStat]) file?.close();
  }
}

function v2Throttling(stat: string | undefined): Partial<CpuReading> {
  const micros = keyedNumber(stat, 'throttled_usec');
  return {
    ...present('periods', keyedNumber(stat, 'nr_periods')),
    ...present('throttledPeriods', keyedNumber(stat, 'nr_throttled')),
    ...(micros !== undefined && { throttledNanos: micros * 1000 }),
  };
}
function v1Throttling(stat: string | undefined): Partial<CpuReading> {
  return {
    ...present('periods', keyedNumber(stat, 'nr_periods')),
    ...present('throttledPeriods', keyedNumber(stat, 'nr_throttled')),
    ...present('throttledNanos', keyedNumber(stat, 'throttled_time')),
  };
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
function present<Name extends string, Value>(name: Name, value: Value | undefined): { readonly [N in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: Value };
}
