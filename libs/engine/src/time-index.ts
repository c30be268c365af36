import type { Instant } from '#std';

/** One event of so many is remembered; the log has those between. */
const EVENTS_PER_ENTRY = 1000;
/** At so many entries every second one is dropped, and from then on half as many are made: their number never grows. */
const ENTRIES_MAX = 16_384;

export interface TimeEntry {
  readonly position: number;
  /** Never before the time of an earlier event. */
  readonly time: Instant;
}
/** An entry, and where the next one stands; undefined when there is none. */
export interface TimeSpan extends TimeEntry {
  readonly next: number | undefined;
}

export interface StoredTimes {
  readonly entries: readonly (readonly [position: number, time: Instant])[];
  readonly every: number;
  readonly since: number;
  readonly length: number;
  readonly latest: Instant;
}

/**
 * About which position was the last at a moment. Times are clamped so that they never go back. What lies between two entries
 * is read from the log by whoever asks.
 */
export class TimeIndex {
  private entries: TimeEntry[] = [];
  /** Events from the last entry on, with it. */
  private since = 0;
  private count = 0;
  private latest: Instant = 0;

  constructor(
    private readonly entriesMax = ENTRIES_MAX,
    private every = EVENTS_PER_ENTRY,
  ) {}

  /** How many events were added. */
  get length(): number {
    return this.count;
  }
  /** The first event that is known, or undefined before there was one. */
  get first(): TimeEntry | undefined {
    return this.entries[0];
  }

  add(position: number, instant: Instant): void {
    this.count++;
    if (instant > this.latest) this.latest = instant;
    if (this.entries.length > 0 && this.since < this.every) {
      this.since++;
      return;
    }
    this.entries.push({ position, time: this.latest });
    this.since = 1;
    if (this.entries.length > this.entriesMax) this.thin();
  }

  /** The last entry whose time is not after the instant; undefined when everything is later. */
  before(instant: Instant): TimeSpan | undefined {
    return this.span((entry) => entry.time <= instant);
  }

  /** The last entry at or before a position. */
  at(position: number): TimeSpan | undefined {
    return this.span((entry) => entry.position <= position);
  }

  /** All of it, for a checkpoint. */
  dump(): StoredTimes {
    const { every, since, count, latest } = this;
    return { entries: this.entries.map(({ position, time }) => [position, time]), every, since, length: count, latest };
  }
  restore({ entries, every, since, length, latest }: StoredTimes): void {
    this.entries = entries.map(([position, time]) => ({ position, time }));
    this.every = every;
    this.since = since;
    this.count = length;
    this.latest = latest;
  }

  /** The first one always stays. */
  private thin(): void {
    const isLastDropped = this.entries.length % 2 === 0;
    this.entries = this.entries.filter((_, index) => index % 2 === 0);
    if (isLastDropped) this.since += this.every;
    this.every *= 2;
  }

  /** Found by halving: `isBefore` holds for the entries up to one, and for none after it. */
  private span(isBefore: (entry: TimeEntry) => boolean): TimeSpan | undefined {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.entries[middle] as TimeEntry)) low = middle + 1;
      else high = middle;
    }
    const entry = this.entries[low - 1];
    return entry && { ...entry, next: this.entries[low]?.position };
  }
}
