import type { Instant } from '#std';
import type { BackOff, ContainerRecord, PodRecord, ProbeKind, ProbeState, Retry } from './record.js';

/**
 * The record after the wall clock was set by `ms`. What is due at an instant of the old clock keeps its distance from now,
 * so that no probe, back-off or grace period takes longer or shorter. `startedAt` stays: it is shown as status.startTime.
 */
export function afterWallStep(record: PodRecord, ms: number): PodRecord {
  const { volumesRetry, sandboxRetry, endBy, leftAt, containers } = record;
  const moved = Object.entries(containers).map(([name, known]) => [name, containerAfter(known, ms)] as const);
  return {
    ...record,
    ...(volumesRetry && { volumesRetry: retryAfter(volumesRetry, ms) }),
    ...(sandboxRetry && { sandboxRetry: retryAfter(sandboxRetry, ms) }),
    ...(endBy !== undefined && { endBy: endBy + ms }),
    ...(leftAt !== undefined && { leftAt: leftAt + ms }),
    containers: Object.fromEntries(moved),
  };
}

function containerAfter(known: ContainerRecord, ms: number): ContainerRecord {
  const { problem, pull, restart, pullTold, probes } = known;
  return {
    ...known,
    ...(problem && { problem: { ...problem, at: problem.at + ms } }),
    ...(pullTold !== undefined && { pullTold: pullTold + ms }),
    pull: backOffAfter(pull, ms),
    restart: backOffAfter(restart, ms),
    probes: Object.fromEntries(
      (Object.entries(probes) as [ProbeKind, ProbeState][]).map(([kind, state]) => [
        kind,
        { ...state, dueAt: state.dueAt + ms },
      ]),
    ),
  };
}

function retryAfter({ at, count }: Retry, ms: number): Retry {
  return { at: at + ms, count };
}
function backOffAfter({ delayMs, since }: BackOff, ms: number): BackOff {
  return { delayMs, since: since + ms };
}

/** How far ahead the clock of a container engine on another machine may be. */
const ENGINE_AHEAD_MS = 60_000;

/**
 * The instant that a wait counts from, after a start or an end that the container engine dated. A date well after `now` was
 * made before the clock was set back and does not say how long ago it was: the wait is over, rather than as long as the step.
 */
export function datedBy(at: Instant, now: Instant): Instant {
  return at > now + ENGINE_AHEAD_MS ? -Infinity : at;
}
