import type { Outside } from '#model';
import { isJsonObject, type Instant, type JsonObject } from '#std';

interface WallStep {
  /** What the wall clock showed before it was set. */
  readonly at: Instant;
  /** By how many milliseconds it was moved. */
  readonly by: number;
  /** For how many milliseconds before nobody had looked at it. */
  readonly unseenMs?: number;
}

/** A clock that is set back by more than this while nobody looks is told like any other time that lies ahead. */
const UNSEEN_STEP_MAX_MS = 24 * 3600 * 1000;
/** Kubernetes' times are whole seconds: one that is recorded right after a step back may lie before what the step led to. */
const CUT_OFF_MS = 999;

/**
 * How many milliseconds have passed since something was recorded, without the steps of the wall clock that the observer has
 * seen (the fact `wallSteps`). An instant that the clock has shown twice is taken for the later one: nothing ends too early. One
 * that the clock has not shown yet was recorded before a step that nobody saw: it counts from when the observer began. One
 * that a step passed over, or that was shown shortly before the observer saw the step, was recorded by somebody who saw it
 * earlier: it counts from when the observer did. One that lies more than a day ahead is meant so: nothing has passed since.
 */
export function elapsedSince(recorded: Instant, now: Instant, outside: Outside | undefined): number {
  const steps = stepsIn(outside);
  const latest = steps.reduce((last, { at }) => Math.max(last, at), now);
  if (recorded > latest + UNSEEN_STEP_MAX_MS) return 0;
  let elapsed = 0;
  let upTo = now;
  for (const { at, by, unseenMs = 0 } of steps.toReversed()) {
    const from = at + by;
    if (recorded >= from && recorded <= upTo) break;
    elapsed += Math.max(0, upTo - from);
    const cutOffMs = by < 0 ? Math.max(unseenMs, CUT_OFF_MS) : unseenMs;
    if (recorded < from && recorded >= Math.min(at + 1, from - cutOffMs)) return elapsed;
    upTo = at;
  }
  return elapsed + Math.max(0, upTo - recorded);
}

/** When so many milliseconds have passed since something was recorded, as an instant of the clock that is now. */
export function dueAfter(recorded: Instant, ms: number, { now, outside }: Moment): Instant {
  return now + ms - elapsedSince(recorded, now, outside);
}
export interface Moment {
  readonly now: Instant;
  readonly outside: Outside | undefined;
}

function stepsIn(outside: Outside | undefined): readonly WallStep[] {
  const steps = outside?.fact('wallSteps');
  return Array.isArray(steps) ? steps.filter(isWallStep) : [];
}
function isWallStep(value: unknown): value is WallStep & JsonObject {
  return isJsonObject(value) && typeof value['at'] === 'number' && typeof value['by'] === 'number';
}
