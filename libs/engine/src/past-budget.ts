import { refusals, type Refusal } from '#model';

/** How many bytes the lists that are being read out of the past take, as `bytesOf` counts them. */
export const PAST_BYTES = 256 * 1024 * 1024;
/** Lists that are read at a time, where they fit; more wait. */
const READING_MAX = 8;
/** Lists that wait; more are refused. */
export const WAITING_MAX = 64;

const TOO_MANY = refusals.tooManyRequests(
  'too many moments of the past are being looked at, please try again later',
  2,
);

/**
 * Bounds what lists of the past take in memory while they are gathered. One is always read, however large it is; a second one
 * begins only where what is held, and as much again as the largest of late took, fits.
 */
export class PastBudget {
  private readonly waiting: (() => void)[] = [];
  private reading = 0;
  private bytes = 0;
  /** What the largest list of late took: the next one may take as much. */
  private expected = 0;

  constructor(private readonly bytesMax = PAST_BYTES) {}

  /** Runs `work` when it is its turn; it says how many bytes more it holds. Returns a refusal when too many wait. */
  async hold(work: (held: (bytes: number) => void) => Promise<void>): Promise<Refusal | undefined> {
    if (this.hasRoom) this.reading++;
    else if (this.waiting.length >= WAITING_MAX) return TOO_MANY;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    let own = 0;
    try {
      await work((bytes) => {
        own += bytes;
        this.bytes += bytes;
      });
    } finally {
      this.reading--;
      this.bytes -= own;
      this.expected = Math.max(own, this.expected / 2);
      if (this.waiting.length > 0 && this.hasRoom) {
        this.reading++;
        this.waiting.shift()?.();
      }
    }
    return undefined;
  }

  private get hasRoom(): boolean {
    if (this.reading === 0) return true;
    return this.reading < READING_MAX && this.bytes + this.expected <= this.bytesMax;
  }
}
