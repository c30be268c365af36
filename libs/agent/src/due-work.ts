import { pause } from '#engine';
import type { Clock } from '#ports';

const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 60_000;

export interface DueWorkOptions {
  readonly clock: Clock;
  /** Carries out all that is due; what comes meanwhile is the next turn's. A rejection was told to whom it concerns. */
  readonly work: () => Promise<void>;
  /** False: what is due waits for the next {@link DueWork.look}. */
  readonly mayGo?: (() => boolean) | undefined;
}

/**
 * Work that is done whenever somebody says that it is due, never twice at once. What comes while it is under way goes together with
 * the next turn, as does what is said in the same moment; what failed is tried again after a second, and later and later, a minute at
 * most.
 */
export class DueWork {
  private isPending = false;
  private isUnderWay = false;
  private stopped = false;
  private delayMs = RETRY_FIRST_MS;

  constructor(private readonly options: DueWorkOptions) {}

  /** Something is to be done that nobody has begun: it waits for its turn, for its next try, or for leave to go. */
  get isDue(): boolean {
    return this.isPending;
  }
  /** It is under way, or failed and is to be tried again. */
  get isRunning(): boolean {
    return this.isUnderWay;
  }
  look(): void {
    this.isPending = true;
    if (!this.isUnderWay) void this.run();
  }
  /** What is under way is left to end; nothing is begun any more. */
  stop(): void {
    this.stopped = true;
  }

  private async run(): Promise<void> {
    const { clock, work, mayGo } = this.options;
    this.isUnderWay = true;
    // News that came together are carried out together.
    await Promise.resolve();
    while (this.isPending && !this.stopped && mayGo?.() !== false) {
      this.isPending = false;
      try {
        await work();
        this.delayMs = RETRY_FIRST_MS;
      } catch {
        this.isPending = true;
        await pause(clock, this.delayMs);
        this.delayMs = Math.min(this.delayMs * 2, RETRY_MAX_MS);
      }
    }
    this.isUnderWay = false;
  }
}
