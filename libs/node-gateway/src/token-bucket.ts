import type { Clock } from '#ports';

/** A rate limit that allows bursts: `perSecond` tokens are added each second, up to `burst`. Starts full. */
export class TokenBucket {
  private tokens: number;
  private at: number;

  constructor(
    private readonly clock: Clock,
    private readonly perSecond: number,
    private readonly burst: number,
  ) {
    this.tokens = burst;
    this.at = clock.monotonic();
  }

  get isFull(): boolean {
    this.refill();
    return this.tokens >= this.burst;
  }

  /** Takes so many tokens and returns 0, or takes none and returns in how many milliseconds there are enough. */
  take(count: number): number {
    this.refill();
    if (this.tokens >= count) {
      this.tokens -= count;
      return 0;
    }
    return ((count - this.tokens) / this.perSecond) * 1000;
  }

  private refill(): void {
    const now = this.clock.monotonic();
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.at) / 1000) * this.perSecond);
    this.at = now;
  }
}
