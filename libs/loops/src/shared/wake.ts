import type { Wake } from '#model';
import type { Instant } from '#std';

/** Nobody sleeps longer: a moment that a client wrote may lie centuries ahead. */
const LONGEST_MS = 3_600_000;

/** A wake at the first of these moments, or none. Moments that have passed are left out. */
export function wakeAtFirst(moments: readonly (Instant | undefined)[], now: Instant): readonly Wake[] {
  let first = Infinity;
  for (const moment of moments) if (moment !== undefined && moment > now) first = Math.min(first, moment);
  return first === Infinity ? [] : [{ is: 'wake', at: Math.min(first, now + LONGEST_MS) }];
}
