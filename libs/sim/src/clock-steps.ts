import type { Clock } from '#ports';
import { parseInstant } from '#std';

/** Every step of the world's wall clock. */
export class ClockSteps {
  /** `at`: what the clock showed before. */
  readonly all: { readonly at: number; readonly by: number }[] = [];
  /** The moments of the steps, on the clock that nobody sets. */
  private readonly moments: number[] = [];

  constructor(private readonly clock: Pick<Clock, 'now' | 'monotonic'>) {}

  /** Called right before the wall clock is set. */
  note(by: number): void {
    this.all.push({ at: this.clock.now(), by });
    this.moments.push(this.clock.monotonic());
  }

  /** The last moment, on the clock that nobody sets, at which the wall clock showed this time; now when it never did. */
  momentOf(time: string): number {
    const now = this.clock.monotonic();
    const wall = parseInstant(time) ?? this.clock.now();
    let offset = this.clock.now() - now;
    let end = now;
    for (let i = this.all.length - 1; ; i--) {
      const begin = this.moments[i] ?? 0;
      const moment = wall - offset;
      if (moment >= begin && moment <= end) return moment;
      if (i < 0) return now;
      offset -= this.all[i]?.by ?? 0;
      end = begin;
    }
  }
}
