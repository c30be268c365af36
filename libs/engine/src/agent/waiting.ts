import type { Clock } from '#ports';
import type { Instant } from '#std';

/** Resolves when the clock has reached the instant, or earlier when `cancelled` is called. */
export function until(clock: Clock, at: Instant): { readonly done: Promise<void>; readonly cancel: () => void } {
  let cancel: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    const stop = clock.at(at, resolve);
    cancel = () => {
      stop();
      resolve();
    };
  });
  return { done, cancel };
}
export function pause(clock: Clock, ms: number): Promise<void> {
  return until(clock, clock.now() + ms).done;
}

/** At most so many at once; the others wait in the order in which they came. */
export class Slots {
  private free: number;
  private readonly queue: (() => void)[] = [];

  constructor(count: number) {
    this.free = count;
  }
  async hold<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.queue.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.queue.shift();
      if (next) next();
      else this.free++;
    }
  }
}
