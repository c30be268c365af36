import type { NodeSample } from '#model';

/** A node that was silent for so long begins anew with its next sample, whatever that says of time. */
const SILENCE_MS = 10_000;
/** A sample that would be older than this is the first of another time line: no bus holds messages back for so long. */
const LATE_MAX_MS = 60_000;
/** By how much the clocks of two machines drift apart at most. */
const DRIFT = 0.0005;
const BOOTS_KEPT = 8;

/** Where a sample lies in time. */
export interface Placed {
  /** On the monotonic clock of the scaler. */
  readonly at: number;
  /** The same on the node's own clock, by which intervals are measured: where they lie is an estimate that gets better. */
  readonly ticksMs: number;
  /** Counts the beginnings of the node: ticks and counters compare with those of samples of the same row only. */
  readonly row: number;
}

/**
 * Places the samples of one node on the monotonic clock of the scaler. Intervals are those of the node's own ticks; where they lie, the
 * sample that travelled the shortest time says. The wall clock of the node has no part in it.
 */
export class NodeClock {
  private boot: string | undefined;
  private readonly pastBoots: string[] = [];
  private row = 0;
  private ticksMs = 0;
  private arrivedAt = -Infinity;
  /** Scaler's clock minus the node's, as the quickest sample had it. */
  private offset = 0;

  /** Undefined: a copy, or older than what is known. */
  place({ boot, ticksMs }: Pick<NodeSample, 'boot' | 'ticksMs'>, arrivedAt: number): Placed | undefined {
    if (boot !== this.boot) return this.pastBoots.includes(boot) ? undefined : this.begin(boot, ticksMs, arrivedAt);
    const isSilent = arrivedAt - this.arrivedAt > SILENCE_MS;
    const ticks = ticksMs - this.ticksMs;
    if (ticks <= 0) return isSilent ? this.begin(boot, ticksMs, arrivedAt) : undefined;
    const passed = arrivedAt - this.arrivedAt;
    const offset = Math.min(arrivedAt - ticksMs, this.offset + passed * DRIFT);
    const isJump = ticks > passed + LATE_MAX_MS || arrivedAt - (ticksMs + offset) > LATE_MAX_MS;
    if (isJump) return this.begin(boot, ticksMs, arrivedAt);
    this.offset = offset;
    this.ticksMs = ticksMs;
    this.arrivedAt = arrivedAt;
    return { at: ticksMs + offset, ticksMs, row: this.row };
  }

  private begin(boot: string, ticksMs: number, arrivedAt: number): Placed {
    if (this.boot !== undefined && this.boot !== boot) {
      this.pastBoots.push(this.boot);
      if (this.pastBoots.length > BOOTS_KEPT) this.pastBoots.shift();
    }
    this.boot = boot;
    this.ticksMs = ticksMs;
    this.arrivedAt = arrivedAt;
    this.offset = arrivedAt - ticksMs;
    return { at: arrivedAt, ticksMs, row: ++this.row };
  }
}
