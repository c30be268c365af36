import type { Instant } from '#std';

/**
 * Wall clock, monotonic clock and timers. The wall clock dates events, and is `now` for rules that compare with recorded
 * times; an operator or NTP may set it in either direction at any moment. Every wait, time-out, deadline, back-off, lease
 * and age is measured on the monotonic clock, so that it takes as long as it should. A test's clock moves only when told to.
 */
export interface Clock {
  /** The wall clock. May go back. */
  now(): Instant;
  /** Milliseconds since an arbitrary start of this process. Never goes back and is never set; only differences have a meaning. */
  monotonic(): number;
  /** Calls back once, not before `ms` milliseconds have passed on the monotonic clock. The result cancels it. */
  after(ms: number, callback: () => void): () => void;
  /**
   * Calls back once: when the wall clock has reached `instant`, or earlier when the wall clock was set, in either direction.
   * The callback reads {@link now} again, since an instant that was derived from the old time may be the wrong one. Only for
   * instants that follow from recorded times; a plain wait is {@link after}. The result cancels it.
   */
  at(instant: Instant, callback: () => void): () => void;
}
