import type { Clock } from '#ports';
import type { Instant } from '#std';

/** Longest wait that a Node timer takes; a later moment is reached in several waits. */
const WAIT_MAX_MS = 2 ** 31 - 1;

/** The machine's own time. Its timers do not keep a process alive. */
export class SystemClock implements Clock {
  now(): Instant {
    return Date.now();
  }

  at(instant: Instant, callback: () => void): () => void {
    let timer: NodeJS.Timeout;
    const wait = (): void => {
      const remaining = instant - Date.now();
      if (remaining > 0) {
        timer = setTimeout(wait, Math.min(remaining, WAIT_MAX_MS)).unref();
      } else {
        callback();
      }
    };
    timer = setTimeout(wait, Math.max(0, Math.min(instant - Date.now(), WAIT_MAX_MS))).unref();
    return () => clearTimeout(timer);
  }
}
