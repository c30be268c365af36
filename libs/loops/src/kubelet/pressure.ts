import type { FileSystemReading, MachineReading } from '#model';
import { parseQuantity } from '#meta';
import { amountOf } from './amounts.js';

/** Conditions of a node that is short of something, in the order in which they are named. */
export const PRESSURES = ['MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;
export type Pressure = (typeof PRESSURES)[number];

/** How little may be left of a resource: an amount in its unit (bytes, inodes, PIDs), or a share of the capacity from 0 to 1. */
export type EvictionThreshold = { readonly amount: number } | { readonly share: number };
/** By signal (`memory.available`); a signal without a threshold never makes a pressure. */
export type EvictionThresholds = { readonly [signal in Signal]?: EvictionThreshold };

interface Observation {
  readonly available: number;
  readonly capacity: number;
}
interface SignalRule {
  readonly pressure: Pressure;
  /** Undefined: it was not measured. */
  readonly observe: (machine: MachineReading) => Observation | undefined;
}
const SIGNALS = {
  'memory.available': { pressure: 'MemoryPressure', observe: memory },
  'nodefs.available': { pressure: 'DiskPressure', observe: ({ fileSystem }) => bytes(fileSystem) },
  'nodefs.inodesFree': { pressure: 'DiskPressure', observe: ({ fileSystem }) => inodes(fileSystem) },
  'imagefs.available': { pressure: 'DiskPressure', observe: ({ imageFileSystem }) => bytes(imageFileSystem) },
  'imagefs.inodesFree': { pressure: 'DiskPressure', observe: ({ imageFileSystem }) => inodes(imageFileSystem) },
  'pid.available': { pressure: 'PIDPressure', observe: processes },
} as const satisfies { readonly [signal: string]: SignalRule };
export type Signal = keyof typeof SIGNALS;

/** The defaults of a kubelet, which has none for PIDs; the one of PIDs is that of managed clusters. */
export const EVICTION_HARD: EvictionThresholds = {
  'memory.available': { amount: 100 * 2 ** 20 },
  'nodefs.available': { share: 0.1 },
  'nodefs.inodesFree': { share: 0.05 },
  'imagefs.available': { share: 0.15 },
  'imagefs.inodesFree': { share: 0.05 },
  'pid.available': { share: 0.1 },
};

/** `--eviction-pressure-transition-period`: a pressure that has passed is shown for so long, so that it does not flap. */
export const PRESSURE_TRANSITION_MS = 300_000;

/** When each pressure was measured last, by the monotonic clock. */
export type PressureTimes = { readonly [pressure in Pressure]?: number };

/** {@link PressureTimes} with what the machine was just read to have. What was not measured changes nothing. */
export function pressureTimes(
  before: PressureTimes,
  machine: MachineReading,
  { thresholds, nowMs }: { readonly thresholds: EvictionThresholds; readonly nowMs: number },
): PressureTimes {
  const times: { [pressure in Pressure]?: number } = { ...before };
  for (const [signal, { pressure, observe }] of Object.entries(SIGNALS) as [Signal, SignalRule][]) {
    const threshold = thresholds[signal];
    const observed = threshold && observe(machine);
    if (observed && observed.available < thresholdAmount(threshold, observed.capacity)) times[pressure] = nowMs;
  }
  return times;
}

/** The pressures that a node has now: those measured within {@link PRESSURE_TRANSITION_MS}. */
export function pressuresAt(times: PressureTimes, nowMs: number): readonly Pressure[] {
  return PRESSURES.filter((pressure) => nowMs - (times[pressure] ?? -Infinity) < PRESSURE_TRANSITION_MS);
}

/** How much the threshold keeps free of a capacity, in its unit; 0 where there is none. */
export function thresholdAmount(threshold: EvictionThreshold | undefined, capacity: number): number {
  if (threshold === undefined) return 0;
  return 'amount' in threshold ? threshold.amount : Math.floor(capacity * threshold.share);
}

/** Thresholds of `memory.available<100Mi,nodefs.available<10%`, as a kubelet writes them; a text says what is wrong. */
export function evictionThresholds(text: string): EvictionThresholds | string {
  const thresholds: { [signal in Signal]?: EvictionThreshold } = {};
  for (const item of text.split(',').map((part) => part.trim())) {
    if (item === '') continue;
    const [, signal = '', value = ''] = /^([^<]*)<(.*)$/.exec(item) ?? [];
    if (!Object.hasOwn(SIGNALS, signal))
      return `"${item}" is no threshold: write it like memory.available<100Mi, for ${Object.keys(SIGNALS).join(', ')}`;
    if (thresholds[signal as Signal] !== undefined) return `it has ${signal} twice`;
    const threshold = thresholdOf(value);
    if (threshold === undefined) return `"${value}" is neither an amount like 100Mi nor a share from 0% to 99%`;
    thresholds[signal as Signal] = threshold;
  }
  return thresholds;
}
function thresholdOf(text: string): EvictionThreshold | undefined {
  const percent = /^(\d{1,2}(?:\.\d{1,3})?)%$/.exec(text)?.[1];
  if (percent !== undefined) return { share: Number(percent) / 100 };
  const amount = parseQuantity(text).ok ? amountOf(text) : undefined;
  return amount !== undefined && amount >= 0 ? { amount } : undefined;
}

/** What a kubelet says of a pressure, word for word. */
export function pressureWords(pressure: Pressure, has: boolean): { readonly reason: string; readonly message: string } {
  const [reason, message] = WORDS[pressure][has ? 'has' : 'hasNot'];
  return { reason, message };
}
/** Reason of the event that tells of the change. */
export function pressureEvent(pressure: Pressure, has: boolean): string {
  return WORDS[pressure][has ? 'has' : 'hasNot'][0].replace('Kubelet', 'Node');
}
const WORDS: { readonly [pressure in Pressure]: { readonly [is in 'has' | 'hasNot']: readonly [string, string] } } = {
  MemoryPressure: {
    has: ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
    hasNot: ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  },
  DiskPressure: {
    has: ['KubeletHasDiskPressure', 'kubelet has disk pressure'],
    hasNot: ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  },
  PIDPressure: {
    has: ['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
    hasNot: ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  },
};

function memory({ memory, memoryBytes }: MachineReading): Observation | undefined {
  return memory && observation(memoryBytes - memory.workingSet, memoryBytes);
}
function bytes(fileSystem: FileSystemReading | undefined): Observation | undefined {
  return observation(fileSystem?.availableBytes, fileSystem?.capacityBytes);
}
function inodes(fileSystem: FileSystemReading | undefined): Observation | undefined {
  return observation(fileSystem?.inodesFree, fileSystem?.inodes);
}
function processes({ pids, pidsMax }: MachineReading): Observation | undefined {
  return pids === undefined || pidsMax === undefined ? undefined : observation(pidsMax - pids, pidsMax);
}
/** A file system without a fixed number of inodes says that it has 0 of them. */
function observation(available: number | undefined, capacity: number | undefined): Observation | undefined {
  return available === undefined || capacity === undefined || capacity <= 0 ? undefined : { available, capacity };
}
