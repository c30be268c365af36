import { parseQuantity } from '#meta';
import { amountOf, milliOf } from './amounts.js';
import { thresholdAmount, type EvictionThresholds } from './pressure.js';

type Amounts = Readonly<Record<string, string>>;

/** Resources of which a part may be kept from pods. */
const RESERVABLE = ['cpu', 'memory', 'ephemeral-storage'];

export interface Reservation {
  /** What is kept for the operating system, for the agent and the engine, …; each by resource. */
  readonly reserved: readonly Amounts[];
  readonly thresholds: EvictionThresholds;
}

/**
 * What pods may ask for, as a kubelet computes it: the capacity without what is reserved, and, of memory and storage, without what
 * the thresholds of evictions keep free. Never below 0.
 */
export function allocatableOf(capacity: Amounts, { reserved, thresholds }: Reservation): Amounts {
  const left = (resource: string, free = 0): number => {
    const kept = reserved.reduce((sum, one) => sum + (amountOf(one[resource]) ?? 0), free);
    return Math.max(Math.floor(totalOf(capacity, resource) - kept), 0);
  };
  const free = (signal: 'memory.available' | 'nodefs.available', resource: string): number =>
    thresholdAmount(thresholds[signal], totalOf(capacity, resource));
  const milli = reserved.reduce((rest, one) => rest - (milliOf(one['cpu']) ?? 0), milliOf(capacity['cpu']) ?? 0);
  return {
    ...capacity,
    cpu: Math.max(milli, 0) % 1000 === 0 ? String(Math.max(milli, 0) / 1000) : `${milli}m`,
    memory: binary(left('memory', free('memory.available', 'memory'))),
    'ephemeral-storage': String(left('ephemeral-storage', free('nodefs.available', 'ephemeral-storage'))),
  };
}

/** Why nothing would be left for pods; undefined where something is. */
export function reservationProblem(capacity: Amounts, reservation: Reservation): string | undefined {
  const allocatable = allocatableOf(capacity, reservation);
  const resource = RESERVABLE.find((one) => (amountOf(allocatable[one]) ?? 0) <= 0);
  return resource === undefined
    ? undefined
    : `nothing of the ${capacity[resource] ?? '0'} of ${resource} that this node has is left for pods: reserve less of it`;
}

/** Amounts of `cpu=500m,memory=1Gi`; a text says what is wrong. */
export function reservedAmounts(text: string): Amounts | string {
  const amounts = new Map<string, string>();
  for (const item of text.split(',').map((part) => part.trim())) {
    if (item === '') continue;
    const [, resource = '', amount = ''] = /^([^=]*)=(.*)$/.exec(item) ?? [];
    if (!RESERVABLE.includes(resource))
      return `"${item}" is no part of a node: write it like cpu=500m, for ${RESERVABLE.join(', ')}`;
    if (amounts.has(resource)) return `it has ${resource} twice`;
    if (!parseQuantity(amount).ok || (amountOf(amount) ?? -1) < 0)
      return `"${amount}" is no amount: write it like 500m or 1Gi`;
    amounts.set(resource, amount);
  }
  return Object.fromEntries(amounts);
}

function totalOf(capacity: Amounts, resource: string): number {
  return amountOf(capacity[resource]) ?? 0;
}
function binary(bytes: number): string {
  return bytes % 1024 === 0 ? `${bytes / 1024}Ki` : String(bytes);
}
