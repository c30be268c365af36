import type { Clock } from '#ports';

/** Resolves after so many milliseconds, or earlier when `cancel` is called. */
export function waiting(clock: Clock, ms: number): { readonly done: Promise<void>; readonly cancel: () => void } {
  let cancel: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    const stop = clock.after(ms, resolve);
    cancel = () => {
      stop();
      resolve();
    };
  });
  return { done, cancel };
}
export function pause(clock: Clock, ms: number): Promise<void> {
  return waiting(clock, ms).done;
}

/** At most so many at once; the others wait in the order in which they came, but for what goes first. */
export class Slots {
  private free: number;
  private readonly queue: (() => void)[] = [];
  private readonly ahead: (() => void)[] = [];

  constructor(count: number) {
    this.free = count;
  }
  async hold<T>(work: () => Promise<T>, order: 'in turn' | 'first' = 'in turn'): Promise<T> {
    const queue = order === 'first' ? this.ahead : this.queue;
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => queue.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.ahead.shift() ?? this.queue.shift();
      if (next) next();
      else this.free++;
    }
  }
}
