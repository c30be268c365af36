import type { Instant } from '#std';
import type { Part } from './part.js';
import type { Situation } from './situation.js';

/** The longest that a signal waits for services, in milliseconds, and the largest share of the grace period. */
const WAIT_MS_MAX = 2000;
const SHARE_OF_GRACE = 0.25;
/** Other nodes hear of it when this one does; this is how long their data paths take to follow. */
const FOLLOW_MS = 100;
const LOOK_MS = 50;

/**
 * Endpoints go first, then the signal: a pod that services lead to is not told to end before they lead elsewhere, on this node by
 * what it knows, on the others a moment later. Undefined when there is nothing to wait for, or it was waited for long enough.
 */
export function waitForEndpoints(situation: Situation): Part | undefined {
  const { record, now, served, gone, stopping, fencedUntil } = situation;
  const { endBy, endGraceMs } = record;
  if (gone || fencedUntil !== undefined || endBy === undefined || endGraceMs === undefined) return undefined;
  if (Object.keys(stopping).length > 0) return undefined;
  const since = endBy - endGraceMs;
  const until = since + Math.min(WAIT_MS_MAX, endGraceMs * SHARE_OF_GRACE);
  const wait = (leftAt: Instant | undefined, wakeAt: Instant): Part => ({
    record: leftAt === undefined ? record : { ...record, leftAt },
    actions: [],
    incidents: [],
    wakeAt: Math.min(wakeAt, until),
  });
  if (now >= until) return undefined;
  if (served === 'leads') return wait(now, now + LOOK_MS);
  const leftAt = record.leftAt ?? (served === 'left' ? since : undefined);
  return leftAt !== undefined && now < leftAt + FOLLOW_MS ? wait(leftAt, leftAt + FOLLOW_MS) : undefined;
}
