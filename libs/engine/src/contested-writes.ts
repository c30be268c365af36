/** A write that somebody else undoes within this time is contested. Who undoes something every few seconds is a person's affair. */
const UNDONE_WITHIN_MS = 1000;
/** So many times the same write is made again at once: two who decide on views of their own agree after one or two. */
const FREE = 3;
const PAUSE_FIRST_MS = 5;
const PAUSE_MAX_MS = 10_000;
/** Keys that are remembered; beyond that the one whose write is oldest is forgotten. */
const KEYS_MAX = 1000;
/** Longer writes are not compared. */
const LENGTH_MAX = 4096;

interface Write {
  readonly words: string;
  /** On the monotonic clock: until then the key was not looked at again. */
  readonly until: number;
  readonly times: number;
}

/**
 * Finds that two controllers undo what the other writes: a user's and one of ours, or two processes of ours that do not know
 * the same of the clock. Each would write again as soon as it sees the other's write, for as long as they disagree.
 */
export class ContestedWrites {
  private readonly last = new Map<string, Write>();

  /**
   * How many milliseconds the key has to wait after a look that changed something with these words: none unless the look before
   * changed the very same. `now` is on the monotonic clock.
   */
  pauseAfter(key: string, words: string, now: number): number {
    const before = this.last.get(key);
    this.last.delete(key);
    if (words.length > LENGTH_MAX) return 0;
    const isContested = before?.words === words && now - before.until < UNDONE_WITHIN_MS;
    const times = isContested ? before.times + 1 : 0;
    const pause = times < FREE ? 0 : Math.min(PAUSE_FIRST_MS * 2 ** (times - FREE), PAUSE_MAX_MS);
    this.last.set(key, { words, until: now + pause, times });
    this.forgetUncontested(now);
    return pause;
  }

  /** What nobody has undone in time is not kept: as many are as were written within the last moments. */
  private forgetUncontested(now: number): void {
    for (const [key, { until }] of this.last) {
      if (now - until < UNDONE_WITHIN_MS && this.last.size <= KEYS_MAX) return;
      this.last.delete(key);
    }
  }
}
