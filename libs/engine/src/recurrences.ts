/** Keys that are counted at the same time; beyond that the key that went wrong longest ago is forgotten. */
const KEYS_MAX = 10_000;

/**
 * Counts how often in a row something went wrong with a key, and decides which of these times are logged: the 1st, 2nd, 4th,
 * 8th … What fails for hours would otherwise fill the log with one sentence.
 */
export class Recurrences {
  private readonly counts = new Map<string, number>();

  /** Counts one more failure of the key. True when this one is to be logged. */
  add(key: string): boolean {
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.delete(key);
    this.counts.set(key, count);
    if (this.counts.size > KEYS_MAX) this.forgetOldest();
    return (count & (count - 1)) === 0;
  }

  /** The key succeeded, or is gone. */
  clear(key: string): void {
    this.counts.delete(key);
  }

  private forgetOldest(): void {
    for (const oldest of this.counts.keys()) {
      this.counts.delete(oldest);
      return;
    }
  }
}
