import type { VirtualClock } from '#adapters';
import { Bug, type Prng } from '#std';

const STEPS_PER_MOMENT_MAX = 100_000;

/**
 * What runs next is decided here and nowhere else: work that was put off is done in an order drawn from the seed, and the
 * clock goes on only when nothing is left to do.
 */
export class Steps {
  private queue: (() => void)[] = [];
  /** Called after each piece of work: the checkers look here. */
  onStep: () => void = () => undefined;

  constructor(
    private readonly clock: VirtualClock,
    private readonly chance: Prng,
  ) {}

  /** Does it later, but at this moment of the clock. */
  readonly soon = (work: () => void): void => {
    this.queue.push(work);
  };

  /** Forgets what was put off by a process that died. */
  get pending(): number {
    return this.queue.length;
  }

  /** Runs everything that is due within so many milliseconds. */
  async run(ms: number): Promise<void> {
    const until = this.clock.monotonic() + ms;
    let moment = this.clock.monotonic();
    let steps = 0;
    for (;;) {
      await microtasks();
      if (this.clock.monotonic() !== moment) {
        moment = this.clock.monotonic();
        steps = 0;
      } else if (++steps > STEPS_PER_MOMENT_MAX) {
        throw new Bug(
          `time stands still at ${new Date(this.clock.now()).toISOString()}: somebody looks again and again at the same moment`,
        );
      }
      const work = this.take();
      if (work) {
        work();
        await microtasks();
        this.onStep();
        continue;
      }
      if (!this.clock.ringNext(until)) break;
      await microtasks();
      this.onStep();
    }
    this.clock.advanceTo(until);
  }

  private take(): (() => void) | undefined {
    if (this.queue.length === 0) return undefined;
    const index = this.chance.below(this.queue.length);
    return this.queue.splice(index, 1)[0];
  }
}

/** Lets every promise that can go on do so: nothing in a world waits for real I/O. */
export function microtasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
