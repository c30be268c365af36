/**
 * Keys that wait to be looked at. A key is in it once however often it was added; a key that is being worked on is not
 * handed out again until it is done, and is handed out once more if it was added meanwhile.
 */
export class WorkQueue {
  private readonly waiting = new Set<string>();
  private readonly busy = new Set<string>();
  private readonly again = new Set<string>();

  get length(): number {
    return this.waiting.size;
  }
  /** Nothing waits and nothing is being worked on. */
  get idle(): boolean {
    return this.waiting.size === 0 && this.busy.size === 0;
  }
  add(key: string): void {
    if (this.busy.has(key)) this.again.add(key);
    else this.waiting.add(key);
  }
  take(): string | undefined {
    for (const key of this.waiting) {
      this.waiting.delete(key);
      this.busy.add(key);
      return key;
    }
    return undefined;
  }
  done(key: string): void {
    this.busy.delete(key);
    if (this.again.delete(key)) this.waiting.add(key);
  }
}
