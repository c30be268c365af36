import type { Clock } from '#ports';
import type { Instant } from '#std';

interface Alarm {
  readonly at: Instant;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is told to go on. Alarms of one instant ring in the order they were set, so a run
 * with the same calls is the same run.
 */
export class VirtualClock implements Clock {
  #now: Instant;
  #order = 0;
  readonly #alarms = new Map<number, Alarm>();

  constructor(start: Instant = 0) {
    this.#now = start;
  }

  now(): Instant {
    return this.#now;
  }

  at(instant: Instant, callback: () => void): () => void {
    const order = this.#order++;
    this.#alarms.set(order, { at: instant, order, callback });
    return () => void this.#alarms.delete(order);
  }

  /** The instant of the next alarm, undefined when there is none. */
  next(): Instant | undefined {
    const alarm = this.#earliest();
    return alarm && Math.max(alarm.at, this.#now);
  }

  /** Rings the next alarm that is due at or before `limit`; false when there is none. */
  ringNext(limit: Instant): boolean {
    const alarm = this.#earliest();
    if (alarm === undefined || alarm.at > limit) return false;
    this.#alarms.delete(alarm.order);
    this.#now = Math.max(this.#now, alarm.at);
    alarm.callback();
    return true;
  }

  /** Goes on to `instant`, ringing what is due on the way, alarms set meanwhile included. */
  advanceTo(instant: Instant): void {
    while (this.ringNext(instant));
    this.#now = Math.max(this.#now, instant);
  }

  #earliest(): Alarm | undefined {
    let earliest: Alarm | undefined;
    for (const alarm of this.#alarms.values()) {
      if (earliest === undefined || alarm.at < earliest.at) earliest = alarm;
    }
    return earliest;
  }
}
