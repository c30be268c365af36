/** A figure that was not measured. */
export const ABSENT = -1;

/** The figures of one thing, in the order of its table; {@link ABSENT} where the kernel does not tell. */
export type Block = number[];

/** What is behind a figure's number on the wire, and in steps of what it usually changes. */
export interface Slot {
  /** The reading is this many times the number on the wire. */
  readonly scale: number;
  readonly step: number;
}
const PAGE = 4096;
const plain: Slot = { scale: 1, step: 1 };
const bytes: Slot = { scale: 1, step: PAGE };
/** Nanoseconds travel to the microsecond: a counter of a large machine outgrows 2^53 nanoseconds within days. */
export const NANOS_SCALE = 1000;
const nanos: Slot = { scale: NANOS_SCALE, step: 1 };

/** Most often changed first: flags behind the last change take no room. */
export const USAGE_SLOTS: readonly Slot[] = [
  nanos, // cpu.usageNanos
  bytes, // memory.usage
  bytes, // memory.workingSet
  bytes, // memory.rss
  bytes, // memory.cache
  plain, // memory.pageFaults
  plain, // pids
  plain, // cpu.periods
  plain, // cpu.throttledPeriods
  nanos, // cpu.throttledNanos
  nanos, // cpu.pressureNanos
  nanos, // memory.pressureNanos
  bytes, // io.readBytes
  plain, // io.reads
  bytes, // io.writeBytes
  plain, // io.writes
  bytes, // memory.swap
  plain, // memory.majorPageFaults
  plain, // memory.oomKills
  plain, // cpu.limitMilli
  bytes, // memory.limit
];
export const FILE_SYSTEM_SLOTS: readonly Slot[] = [bytes, bytes, plain, plain, bytes, plain, plain];
export const NETWORK_SLOTS: readonly Slot[] = Array.from({ length: 8 }, () => plain);
export const POD_SLOTS: readonly Slot[] = [plain];
export const CONTAINER_SLOTS: readonly Slot[] = [...USAGE_SLOTS, plain, ...FILE_SYSTEM_SLOTS, ...FILE_SYSTEM_SLOTS];
/** Wall clock, ticks, start, processors, memory and most pids; then use and the two file systems. */
export const MACHINE_SLOTS: readonly Slot[] = [
  plain,
  plain,
  ...USAGE_SLOTS,
  ...FILE_SYSTEM_SLOTS,
  ...FILE_SYSTEM_SLOTS,
  plain,
  plain,
  bytes,
  plain,
];

/** What a unit consists of, in names. Two units of equal shapes have equal blocks. */
export interface Shape {
  /** Of a pod: namespace, name, uid; name and id of each container; names of interfaces, then of volumes. Of the machine: of interfaces. */
  readonly texts: readonly string[];
  readonly containers: number;
  /** {@link ABSENT} where networks were not measured. */
  readonly networks: number;
  readonly volumes: number;
}
/** One pod, or the machine, as it is held on both sides of the wire. */
export interface Unit {
  readonly shape: Shape;
  readonly blocks: Block[];
}

/** The tables of a pod's blocks: its containers, interfaces and volumes, then itself. */
export function podTables({ containers, networks, volumes }: Shape): readonly (readonly Slot[])[] {
  return [
    ...repeated(CONTAINER_SLOTS, containers),
    ...repeated(NETWORK_SLOTS, networks),
    ...repeated(FILE_SYSTEM_SLOTS, volumes),
    POD_SLOTS,
  ];
}
/** The tables of the machine's blocks: itself, then its interfaces. */
export function machineTables({ networks }: Shape): readonly (readonly Slot[])[] {
  return [MACHINE_SLOTS, ...repeated(NETWORK_SLOTS, networks)];
}
function repeated(table: readonly Slot[], count: number): (readonly Slot[])[] {
  return Array.from({ length: Math.max(count, 0) }, () => table);
}

export function isSameShape(a: Shape, b: Shape): boolean {
  return (
    a.containers === b.containers &&
    a.networks === b.networks &&
    a.volumes === b.volumes &&
    a.texts.length === b.texts.length &&
    a.texts.every((text, i) => text === b.texts[i])
  );
}
