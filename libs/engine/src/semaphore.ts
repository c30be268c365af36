/** Runs at most `count` pieces of work at once. The others wait in order of arrival; `first` overtakes those in turn. */
export class Semaphore {
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
