import type { Instant } from '#std';

/** What is due, said once for all keys: pure functions of the times of a key's generations, oldest first, and of the wall clock. */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** When one generation of a key was made, and from when on it is the one that signs. */
export interface KeyTimes {
  readonly made: Instant;
  readonly signs: Instant;
}

export interface KeySchedule {
  /** A successor is made when the newest generation is so old. */
  readonly everyMs: number;
  /** The successor is trusted everywhere for so long before it signs. */
  readonly leadMs: number;
}

/** Certificates are good for so long: a generation of the CA is trusted for longer after it signed the last one. */
export const CERTIFICATE_MS = 365 * DAY_MS;
export const CA_MS = 3650 * DAY_MS;
/** Certificates begin an hour before they are issued, for clients whose clock is a little behind. */
export const BACKDATED_MS = HOUR_MS;
/** A certificate is renewed when this share of its life is over. */
const RENEW_AT_SHARE = 0.6;

export const SCHEDULES = {
  ca: { everyMs: CA_MS / 2, leadMs: 30 * DAY_MS },
  // Aggregated servers follow a ConfigMap.
  frontProxy: { everyMs: CA_MS / 2, leadMs: 30 * DAY_MS },
  // Whoever verifies tokens elsewhere may cache the key set for an hour.
  tokens: { everyMs: 180 * DAY_MS, leadMs: DAY_MS },
  // No other process has to know it before it is used.
  master: { everyMs: 365 * DAY_MS, leadMs: 0 },
  // Each certificate has a time of its own; all at once are renewed by hand only.
  certificates: { everyMs: Infinity, leadMs: 0 },
} as const satisfies Readonly<Record<string, KeySchedule>>;

/** What is made by hand signs after so long: every process looks at the key store each second. */
export const LEAD_BY_HAND_MS = 5000;
/** What a key signed may be checked by a clock that is behind. */
export const KEEP_MORE_MS = DAY_MS;
/** A generation from so far in the future was made by a clock that was wrong: it is not counted until its time comes. */
const AHEAD_MAX_MS = DAY_MS;

/** The index of the newest generation whose time has come; -1 before the time of the first. */
export function newestInForce(generations: readonly KeyTimes[], now: Instant): number {
  return generations.findLastIndex((times) => isInForce(times, now));
}

/** The index of the generation that signs: the newest whose time has come. */
export function signerOf(generations: readonly KeyTimes[], now: Instant): number {
  const found = newestInForce(generations, now);
  // A clock that is before all of them is wrong.
  return found < 0 ? generations.length - 1 : found;
}

/** Whether a successor is to be made. */
export function isSuccessorDue(generations: readonly KeyTimes[], now: Instant, { everyMs }: KeySchedule): boolean {
  const newest = generations.findLast(({ made }) => made <= now + AHEAD_MAX_MS);
  return newest !== undefined && now - newest.made >= everyMs;
}

/** Since when a generation signs no more; undefined for one that does, or will. */
export function retiredAt(generations: readonly KeyTimes[], index: number, now: Instant): Instant | undefined {
  const successors = generations.slice(index + 1).filter((times) => isInForce(times, now));
  return successors.length === 0 ? undefined : Math.min(...successors.map(({ signs }) => signs));
}

/** Whether a certificate is to be renewed: two fifths of its life are left, or it is not good yet by a clock that was set back. */
export function isRenewalDue({ from, to }: { readonly from: Instant; readonly to: Instant }, now: Instant): boolean {
  return now < from || now >= from + (to - from) * RENEW_AT_SHARE;
}

function isInForce({ made, signs }: KeyTimes, now: Instant): boolean {
  return signs <= now && made <= now + AHEAD_MAX_MS;
}
