import type { UsageReading } from '#model';
import { UsageHistory, HISTORY_BYTES } from './usage-history.js';

/** Readings that are kept whole: as many as make an average over {@link WINDOW_MS}. */
const READINGS = 17;
const FIELDS = 4;
export const WINDOW_MS = 15_000;
/** Readings that come more often than this replace the one before them. */
const SPACING_MS = 850;
const NANOS = 1e9;
const NANOS_PER_MS = 1e6;
/** No machine has more processors. */
const CPUS_MAX = 4096;
const COUNTER_MAX = Number.MAX_SAFE_INTEGER;
/** Clocks of the kernel and of the agent differ by so much in one reading. */
const SLACK = 1.5;
const SLACK_NANOS = 100_000_000;
/** What waited in less than this share of the periods, or of the time, was a burst: nothing that more replicas would cure. */
const HELD_SHARE = 0.1;
/** Load that moved: two intervals in a row differ from the average by more than this share, and by this much. */
const MOVED_SHARE = 0.1;
const MOVED_NANO_CORES = 10_000_000;
/** An interval as long as two by default is no burst. */
const LONG_MS = 1800;

/** Readings of {@link Series} without its history. */
export const SERIES_BYTES = READINGS * FIELDS * Float64Array.BYTES_PER_ELEMENT + 500;
export { HISTORY_BYTES };

/** The average of an interval. */
export interface Usage {
  /** End of the interval on the monotonic clock, and its length. */
  readonly at: number;
  readonly windowMs: number;
  /** Billionths of a processor. */
  readonly cpuNanoCores: number;
  /** The same of what tasks waited for: how much more would have been used. */
  readonly heldBackNanoCores: number;
  /** Bytes of the working set at the end; undefined where the kernel does not say. */
  readonly memoryBytes: number | undefined;
}

/** A reading with what it needs to be compared with the one before. */
export interface Taken {
  readonly reading: UsageReading;
  /** Which life of the container: another one's counters begin anew. */
  readonly life: string;
  readonly at: number;
  readonly ticksMs: number;
  /** Processors of the machine. */
  readonly cpus: number;
  /** The row of the node's samples ; it may have begun with one that did not have this reading. */
  readonly row: number;
}

/** Undefined where the kernel does not count it, or not now: no zero to count from. */
interface Counters {
  readonly usage: number;
  readonly throttled: number | undefined;
  readonly pressure: number | undefined;
  readonly periods: number | undefined;
  readonly throttledPeriods: number | undefined;
}

/**
 * What one container, or one machine, used. Counters that begin anew, and those that cannot be true, end the row of intervals: the next
 * reading begins another one, so no figure has a spike of it.
 */
export class Series {
  /** A ring of the node's ticks, used nanoseconds and nanoseconds held back since the row began, and working set. */
  private readonly ring = new Float64Array(READINGS * FIELDS);
  private next = 0;
  /** What makes instants of ticks. */
  private offset = 0;
  private count = 0;
  private life = '';
  private row = 0;
  private counters: Counters | undefined;
  /** What the counter was before it went back within one life. Should it be there again, the lower one was wrong. */
  private peak = Infinity;
  private history: UsageHistory | undefined;

  /** End of the newest interval; undefined before there was one. */
  get at(): number | undefined {
    return this.count === 0 ? undefined : this.field(0, TICKS) + this.offset;
  }
  get past(): UsageHistory | undefined {
    return this.history;
  }
  /** Keeps a history from now on. */
  keepHistory(): void {
    this.history ??= new UsageHistory();
  }

  /** False for a reading without processor time, or with counters that cannot be true. */
  put({ reading, life, at, ticksMs, cpus, row }: Taken): boolean {
    const counters = countersOf(reading);
    const before = this.counters;
    const isSame = row === this.row && life === this.life && this.count > 0;
    if (life !== this.life) this.peak = Infinity;
    this.life = life;
    this.row = row;
    this.counters = counters;
    this.offset = at - ticksMs;
    if (!counters) {
      this.count = 0;
      return false;
    }
    const memory = amountOf(reading.memory?.workingSet) ?? NaN;
    if (!before || !isSame) return this.begin(ticksMs, memory);
    const elapsed = ticksMs - this.field(0, TICKS);
    const used = counters.usage - before.usage;
    const isBack = counters.usage >= this.peak;
    this.peak = used < 0 ? before.usage : isBack ? Infinity : this.peak;
    if (elapsed <= 0 || used < 0 || isBack) return this.begin(ticksMs, memory);
    const most = Math.min(cpus, CPUS_MAX) * elapsed * NANOS_PER_MS * SLACK + SLACK_NANOS;
    if (used > most) return this.begin(ticksMs, memory);
    const waited = heldBack(counters, before, elapsed * NANOS_PER_MS);
    // More than all processors could have worked was not waited for: a counter was wrong.
    const held = waited > most ? 0 : waited;
    this.push(ticksMs, this.field(0, USED) + used, this.field(0, HELD) + held, memory);
    this.history?.put(at - elapsed, at, {
      cpu: (used / elapsed) * (NANOS / NANOS_PER_MS),
      memory: memory >= 0 ? memory : -1,
    });
    return true;
  }

  private begin(ticksMs: number, memory: number): boolean {
    this.count = 0;
    this.push(ticksMs, 0, 0, memory);
    return true;
  }
  private push(ticksMs: number, used: number, held: number, memory: number): void {
    const isClose = this.count > 1 && ticksMs - this.field(1, TICKS) < SPACING_MS;
    if (!isClose) {
      this.next = (this.next + 1) % READINGS;
      this.count = Math.min(this.count + 1, READINGS);
    }
    const slot = this.next * FIELDS;
    this.ring[slot + TICKS] = ticksMs;
    this.ring[slot + USED] = used;
    this.ring[slot + HELD] = held;
    this.ring[slot + MEMORY] = memory;
  }

  /** Of the n-th newest reading. */
  private field(n: number, field: number): number {
    return this.ring[((this.next - n + READINGS) % READINGS) * FIELDS + field] ?? 0;
  }

  /**
   * The average over the last fifteen seconds, or over what there is of them after `notBefore`; at least the newest whole interval.
   * Undefined before there is one.
   */
  average(notBefore = -Infinity): Usage | undefined {
    if (this.count < 2) return undefined;
    const from = Math.max(this.field(0, TICKS) - WINDOW_MS, notBefore - this.offset);
    let oldest = 1;
    while (oldest + 1 < this.count && this.field(oldest + 1, TICKS) >= from) oldest++;
    return this.between(oldest, 0);
  }

  /**
   * The load now: the {@link average}, or, once two intervals in a row say that it has moved, the average since it did. The first interval that
   * says so waits for the second: it may be a burst, or see a part of a rise only. So a load that stays is known as it is within two intervals.
   */
  current(notBefore = -Infinity): Usage | undefined {
    const average = this.average(notBefore);
    if (!average || this.count < 3) return average;
    const from = Math.max(this.field(0, TICKS) - WINDOW_MS, notBefore - this.offset);
    let oldest = 1;
    while (oldest + 1 < this.count && this.field(oldest + 1, TICKS) >= from) oldest++;
    if (oldest < 2) return average;
    const [newest, second] = [this.between(1, 0), this.between(2, 1)];
    const before = oldest > 2 ? this.between(oldest, 2) : second;
    const far = MOVED_SHARE * demandOf(before) + MOVED_NANO_CORES;
    const away = (one: Usage): number => {
      const by = demandOf(one) - demandOf(before);
      return Math.abs(by) > far ? Math.sign(by) : 0;
    };
    if (away(newest) === 0) return average;
    const isConfirmed = away(second) === away(newest) || newest.windowMs >= LONG_MS;
    return isConfirmed ? this.since(newest) : this.between(oldest, 1);
  }
  /** The average of the newest intervals that are like the last one. */
  private since(newest: Usage): Usage {
    const near = MOVED_SHARE * demandOf(newest) + MOVED_NANO_CORES;
    let oldest = 1;
    while (oldest + 1 < this.count) {
      const earlier = this.between(oldest + 1, oldest);
      if (Math.abs(demandOf(earlier) - demandOf(newest)) > near) break;
      oldest++;
    }
    return this.between(oldest, 0);
  }

  private between(oldest: number, newest: number): Usage {
    const ticksMs = this.field(newest, TICKS);
    const windowMs = ticksMs - this.field(oldest, TICKS);
    const perSecond = (field: number): number =>
      ((this.field(newest, field) - this.field(oldest, field)) / windowMs) * (NANOS / NANOS_PER_MS);
    const memory = this.field(0, MEMORY);
    return {
      ...{ at: ticksMs + this.offset, windowMs, cpuNanoCores: perSecond(USED), heldBackNanoCores: perSecond(HELD) },
      memoryBytes: Number.isNaN(memory) ? undefined : memory,
    };
  }
}
const [TICKS, USED, HELD, MEMORY] = [0, 1, 2, 3] as const;

function demandOf({ cpuNanoCores, heldBackNanoCores }: Usage): number {
  return cpuNanoCores + heldBackNanoCores;
}

/** What the kernel counts; undefined where it does not, or not so that it could be true. */
function countersOf({ cpu }: UsageReading): Counters | undefined {
  const usage = amountOf(cpu?.usageNanos);
  if (!cpu || usage === undefined) return undefined;
  return {
    usage,
    throttled: amountOf(cpu.throttledNanos),
    pressure: amountOf(cpu.pressureNanos),
    periods: amountOf(cpu.periods),
    throttledPeriods: amountOf(cpu.throttledPeriods),
  };
}
function amountOf(value: number | undefined): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= COUNTER_MAX ? value : undefined;
}

/**
 * Nanoseconds for which tasks waited: at the limit, where it was reached in enough periods, or for processors that others had. The kernel
 * counts both while a limit holds, so the larger one is all of it.
 */
function heldBack(now: Counters, before: Counters, elapsedNanos: number): number {
  const periods = moreOf(now.periods, before.periods);
  const isLimited = periods > 0 && moreOf(now.throttledPeriods, before.throttledPeriods) / periods >= HELD_SHARE;
  const throttled = isLimited ? moreOf(now.throttled, before.throttled) : 0;
  const waited = moreOf(now.pressure, before.pressure);
  return Math.max(0, throttled, waited >= HELD_SHARE * elapsedNanos ? waited : 0);
}
function moreOf(now: number | undefined, before: number | undefined): number {
  return now === undefined || before === undefined ? 0 : now - before;
}
