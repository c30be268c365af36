import type { Pod } from '#pod';
import { parseInstant, type Instant } from '#std';
import { dueAfter, type Moment } from '../shared/index.js';
import { deletedAt, finishedAt } from './finish-time.js';
import { isTracked } from './pod-marks.js';
import { allFailures, countsAsFailed, hasFailed, type Look } from './situation.js';

const PAUSE_FIRST_MS = 10_000;
/** The limit of Kubernetes 1.35, whose documentation says six minutes. */
const PAUSE_MAX_MS = 600_000;

/**
 * Until when no pod is made in place of those that have failed since the last one succeeded; undefined when one may be made.
 * The pause doubles with each failure.
 */
export function pausedUntil(look: Look): Instant | undefined {
  const since = look.pods.lastSuccessAt ?? -Infinity;
  let failures = 0;
  let last = -Infinity;
  for (const pod of failedPods(look)) {
    const at = finishedAt(pod);
    if (at <= since) continue;
    failures++;
    last = Math.max(last, at);
  }
  return failures === 0 ? undefined : pauseAfter(failures, last, look);
}

/**
 * The pods that have failed. A deleted pod without the tracking finalizer was either counted as failed or dropped by the job;
 * nothing in the pod says which. `status.failed` does: at most as many of these pods have failed as it counts more than the
 * other failed pods. Pods deleted before the job was resumed have no part in that. The earliest pods are taken, for the
 * shortest pause.
 */
function failedPods(look: Look): readonly Pod[] {
  const { job, pods, said } = look;
  const isSettled = (pod: Pod): boolean =>
    !isTracked(pod) && !said.failed.has(pod.metadata.uid) && countsAsFailed(job, pod);
  const certain: Pod[] = [];
  const doubtful: Pod[] = [];
  for (const known of [pods.failed, pods.terminating])
    for (const pod of known.values()) {
      if (!hasFailed(job, pod)) continue;
      const isDoubtful = pod.metadata.deletionTimestamp !== undefined && isSettled(pod);
      (isDoubtful ? doubtful : certain).push(pod);
    }
  if (doubtful.length === 0) return certain;
  const counted = Math.max(0, (job.status?.failed ?? 0) - certain.filter(isSettled).length);
  const start = parseInstant(job.status?.startTime) ?? -Infinity;
  const later = doubtful.filter((pod) => (deletedAt(pod) ?? Infinity) >= start);
  return [...certain, ...later.sort((a, b) => finishedAt(a) - finishedAt(b)).slice(0, counted)];
}

/** The same for the next pod of one index, that is to replace a failed one. */
export function indexPausedUntil(replaced: Pod, moment: Moment): Instant | undefined {
  return pauseAfter(allFailures(replaced) + 1, finishedAt(replaced), moment);
}

function pauseAfter(failures: number, last: Instant, moment: Moment): Instant | undefined {
  const until = dueAfter(last, Math.min(PAUSE_FIRST_MS * 2 ** (failures - 1), PAUSE_MAX_MS), moment);
  return until > moment.now ? until : undefined;
}
