import type { Pod } from '#pod';
import { parseInstant, type Instant } from '#std';
import { elapsedSince, type Moment } from '../shared/index.js';

const COUNTED_MS = 60_000;
const PAUSE_FIRST_MS = 100;
const PAUSE_MAX_MS = 30_000;

/**
 * Until when no pod is made in place of those that nodes turned away for lack of room; undefined when one may be made.
 * A node and the scheduler can for a while disagree about what is free: without a pause every pod turned away would be
 * followed by the next at once, for as long as that lasts. The pause doubles with each one of the last minute.
 */
export function pauseAfterRejections(owned: readonly Pod[], { now, outside }: Moment): Instant | undefined {
  let count = 0;
  let youngestMs = Infinity;
  for (const pod of owned) {
    if (pod.status?.phase !== 'Failed' || !pod.status.reason?.startsWith('OutOf')) continue;
    const made = parseInstant(pod.metadata.creationTimestamp);
    const ageMs = made === undefined ? Infinity : elapsedSince(made, now, outside);
    if (ageMs > COUNTED_MS) continue;
    count++;
    youngestMs = Math.min(youngestMs, ageMs);
  }
  if (count === 0) return undefined;
  const leftMs = Math.min(PAUSE_FIRST_MS * 2 ** count, PAUSE_MAX_MS) - youngestMs;
  return leftMs > 0 ? now + leftMs : undefined;
}
