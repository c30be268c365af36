import type { Instant } from '#std';

/** Time and timers. The simulation's clock stands still until it is told to go on. */
export interface Clock {
  now(): Instant;
  /** Calls back once, not before `at`. The result cancels it. */
  at(instant: Instant, callback: () => void): () => void;
}
