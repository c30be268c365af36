import type { Clock } from '#ports';
import type { Instant } from '#std';

/** Longest wait that a Node timer takes; a later moment is reached in several waits. */
const WAIT_MAX_MS = 2 ** 31 - 1;
/** How often the wall clock is compared with the monotonic one while an {@link SystemClock.at} is pending. */
const COMPARE_EVERY_MS = 1000;
/** A larger difference between two comparisons is a step. NTP's slewing moves the clock by half a millisecond in a second. */
const STEP_MIN_MS = 200;

interface Alarm {
  readonly ring: () => void;
}

/** The machine's own time. Its timers do not keep a process alive. */
export class SystemClock implements Clock {
  readonly #wall: () => Instant;
  /** Pending calls of {@link at}. */
  readonly #alarms = new Set<Alarm>();
  #comparing: NodeJS.Timeout | undefined;
  #offset = 0;

  /** `wall` reads the wall clock; tests hand in one that they can set. */
  constructor(wall: () => Instant = () => Date.now()) {
    this.#wall = wall;
  }

  now(): Instant {
    return this.#wall();
  }
  monotonic(): number {
    return performance.now();
  }

  after(ms: number, callback: () => void): () => void {
    const due = this.monotonic() + ms;
    return sleepUntil(() => due - this.monotonic(), callback);
  }

  at(instant: Instant, callback: () => void): () => void {
    const cancel = (): void => {
      stop();
      this.#alarms.delete(alarm);
      if (this.#alarms.size === 0) this.#stopComparing();
    };
    const ring = (): void => {
      cancel();
      callback();
    };
    const alarm: Alarm = { ring };
    const stop = sleepUntil(() => instant - this.#wall(), ring);
    this.#alarms.add(alarm);
    this.#startComparing();
    return cancel;
  }

  #startComparing(): void {
    if (this.#comparing !== undefined) return;
    this.#offset = this.#wall() - this.monotonic();
    this.#comparing = setInterval(() => this.#compare(), COMPARE_EVERY_MS).unref();
  }
  #stopComparing(): void {
    clearInterval(this.#comparing);
    this.#comparing = undefined;
  }

  /** Node has no notification of a set clock; a comparison of two numbers each second costs nothing. */
  #compare(): void {
    const before = this.#offset;
    this.#offset = this.#wall() - this.monotonic();
    if (Math.abs(this.#offset - before) < STEP_MIN_MS) return;
    for (const { ring } of [...this.#alarms]) ring();
  }
}

/** Calls back when nothing remains. A Node timer may fire a little early, or be too short for a long wait. */
function sleepUntil(remainingMs: () => number, callback: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const remaining = remainingMs();
    if (remaining > 0) sleep(remaining);
    else callback();
  };
  const sleep = (ms: number): void => {
    timer = setTimeout(wait, Math.max(0, Math.min(Math.ceil(ms), WAIT_MAX_MS))).unref();
  };
  sleep(remainingMs());
  return () => clearTimeout(timer);
}
