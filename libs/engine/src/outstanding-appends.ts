/**
 * Appends that were decided and whose outcome is not known yet, in the order of their decisions. Waiting for all that were
 * decided so far costs the same however many there are.
 */
export class OutstandingAppends {
  private next = 0;
  /** Ordered by number, since a number is added when it is given out. */
  private readonly open = new Set<number>();
  private waiting: { readonly upTo: number; readonly done: () => void }[] = [];

  /** Registers an append until it is settled, whatever its outcome. */
  async track<T>(append: Promise<T>): Promise<T> {
    const number = this.next++;
    this.open.add(number);
    try {
      return await append;
    } finally {
      this.open.delete(number);
      this.wake();
    }
  }

  /** Resolves when every append that is tracked now is settled; undefined when there is none. */
  settled(): Promise<void> | undefined {
    if (this.open.size === 0) return undefined;
    return new Promise((done) => this.waiting.push({ upTo: this.next, done }));
  }

  private wake(): void {
    if (this.waiting.length === 0) return;
    const [first = Infinity] = this.open;
    // They are in the order of their numbers.
    const blocked = this.waiting.findIndex(({ upTo }) => upTo > first);
    const ready = this.waiting.splice(0, blocked === -1 ? this.waiting.length : blocked);
    for (const { done } of ready) done();
  }
}
