import type { Clock } from '#ports';
import type { Instant } from '#std';

/** The clocks of one node: somebody sets its wall clock apart from that of the world. The monotonic one goes as everywhere. */
export class NodeClock implements Clock {
  private aheadMs = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly clock: Clock) {}

  /** Sets the wall clock so many milliseconds ahead of that of the world. */
  set(aheadMs: number): void {
    this.aheadMs = aheadMs;
    for (const ring of [...this.waiting]) ring();
  }

  now(): Instant {
    return this.clock.now() + this.aheadMs;
  }
  monotonic(): number {
    return this.clock.monotonic();
  }
  after(ms: number, callback: () => void): () => void {
    return this.clock.after(ms, callback);
  }
  at(instant: Instant, callback: () => void): () => void {
    const ring = (): void => {
      end();
      callback();
    };
    const cancel = this.clock.at(instant - this.aheadMs, ring);
    const end = (): void => {
      this.waiting.delete(ring);
      cancel();
    };
    this.waiting.add(ring);
    return end;
  }
}
