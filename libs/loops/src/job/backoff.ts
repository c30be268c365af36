import type { Pod } from '#pod';
import type { Instant } from '#std';
import { dueAfter, type Moment } from '../shared/index.js';
import { finishedAt } from './finish-time.js';
import { isTracked } from './pod-marks.js';
import { allFailures, hasFailed, type Look } from './situation.js';

const PAUSE_FIRST_MS = 10_000;
/** The limit of Kubernetes 1.35, whose documentation says six minutes. */
const PAUSE_MAX_MS = 600_000;

/**
 * Until when no pod is made in place of those that have failed since the last one succeeded; undefined when one may be made.
 * The pause doubles with each failure.
 */
export function pausedUntil(look: Look): Instant | undefined {
  const { job, pods, said } = look;
  const since = pods.lastSuccessAt ?? -Infinity;
  let failures = 0;
  let last = -Infinity;
  for (const known of [pods.failed, pods.terminating])
    for (const pod of known.values()) {
      if (!hasFailed(job, pod)) continue;
      // The job dropped it: it did not fail.
      if (known === pods.terminating && !isTracked(pod) && !said.failed.has(pod.metadata.uid)) continue;
      const at = finishedAt(pod);
      if (at <= since) continue;
      failures++;
      last = Math.max(last, at);
    }
  return failures === 0 ? undefined : pauseAfter(failures, last, look);
}

/** The same for the next pod of one index, that is to replace a failed one. */
export function indexPausedUntil(replaced: Pod, moment: Moment): Instant | undefined {
  return pauseAfter(allFailures(replaced) + 1, finishedAt(replaced), moment);
}

function pauseAfter(failures: number, last: Instant, moment: Moment): Instant | undefined {
  const until = dueAfter(last, Math.min(PAUSE_FIRST_MS * 2 ** (failures - 1), PAUSE_MAX_MS), moment);
  return until > moment.now ? until : undefined;
}
