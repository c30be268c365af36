import type { OutsideFacts } from '#model';
import type { Clock } from '#ports';

/** Reading two clocks one after the other differs by less, and NTP slews by less between two looks; a step is more. */
const STEP_MIN_MS = 200;
/** Of more, the older ones are forgotten, the first excepted. */
const STEPS_MAX = 20;

/**
 * The steps of the wall clock that this process has seen. Loops subtract them when they work out how long ago something was
 * recorded: an hour that nobody lived through ends no toleration.
 */
export class WallSteps {
  private readonly steps: { readonly at: number; readonly by: number; readonly unseenMs: number }[];
  private offset: number;
  private looked: number;

  constructor(private readonly clock: Clock) {
    const now = clock.now();
    this.looked = clock.monotonic();
    this.offset = now - this.looked;
    this.steps = [{ at: Math.round(now), by: 0, unseenMs: 0 }];
  }

  /**
   * As `wallSteps`: what the wall clock showed before each step, by how many milliseconds it was moved, and for how many before
   * that nobody had looked: the step was somewhere in these. The first is none: it says since when this process has watched
   * the clock.
   */
  outside(): OutsideFacts {
    this.look();
    return { wallSteps: this.steps.map((step) => ({ ...step })) };
  }

  /** The more often somebody looks, the better it is known when a step was. */
  look(): void {
    const { clock, steps } = this;
    const monotonic = clock.monotonic();
    const offset = clock.now() - monotonic;
    const by = Math.round(offset - this.offset);
    if (Math.abs(by) >= STEP_MIN_MS) {
      const unseenMs = Math.round(monotonic - this.looked);
      steps.push({ at: Math.round(this.offset + monotonic), by, unseenMs });
      if (steps.length > STEPS_MAX) steps.splice(1, 1);
    }
    // Slewing in small parts is no step, however far it leads in the end.
    this.offset = offset;
    this.looked = monotonic;
  }
}
