import type { Pod } from '#kinds';
import { parseInstant, type Instant } from '#std';

const COUNTED_MS = 60_000;
const PAUSE_FIRST_MS = 100;
const PAUSE_MAX_MS = 30_000;

/**
 * Until when no pod is made in place of those that nodes turned away for lack of room; undefined when one may be made.
 * A node and the scheduler can for a while disagree about what is free: without a pause every pod turned away would be
 * followed by the next at once, for as long as that lasts. The pause doubles with each one of the last minute.
 */
export function pauseAfterRejections(owned: readonly Pod[], now: Instant): Instant | undefined {
  let count = 0;
  let latest: Instant | undefined;
  for (const pod of owned) {
    if (pod.status?.phase !== 'Failed' || !pod.status.reason?.startsWith('OutOf')) continue;
    const made = parseInstant(pod.metadata.creationTimestamp);
    if (made === undefined || now - made > COUNTED_MS) continue;
    count++;
    latest = Math.max(latest ?? made, made);
  }
  if (latest === undefined) return undefined;
  const until = latest + Math.min(PAUSE_FIRST_MS * 2 ** count, PAUSE_MAX_MS);
  return now < until ? until : undefined;
}
