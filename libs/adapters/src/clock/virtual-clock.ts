import type { Clock } from '#ports';
import type { Instant } from '#std';

interface Alarm {
  /** On the monotonic clock. */
  due: number;
  readonly order: number;
  readonly onWall: boolean;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is told to go on. Alarms of one moment ring in the order they were set, so a run with
 * the same calls is the same run. The monotonic clock starts at 0, far from any wall time: code that mixes the two is found
 * out at once.
 */
export class VirtualClock implements Clock {
  #monotonic = 0;
  #wallOffset: number;
  #order = 0;
  readonly #alarms = new Map<number, Alarm>();

  /** `start` is the wall clock at monotonic 0. */
  constructor(start: Instant = 0) {
    this.#wallOffset = start;
  }

  now(): Instant {
    return this.#monotonic + this.#wallOffset;
  }
  monotonic(): number {
    return this.#monotonic;
  }

  after(ms: number, callback: () => void): () => void {
    return this.#set(this.#monotonic + ms, false, callback);
  }
  at(instant: Instant, callback: () => void): () => void {
    return this.#set(instant - this.#wallOffset, true, callback);
  }

  /**
   * Sets the wall clock forward, or back with a negative number. The monotonic clock and what waits on it stay as they are;
   * every pending {@link at} is due at once.
   */
  step(ms: number): void {
    this.#wallOffset += ms;
    for (const alarm of this.#alarms.values()) if (alarm.onWall) alarm.due = Math.min(alarm.due, this.#monotonic);
  }

  /** The monotonic time of the next alarm, undefined when there is none. */
  next(): number | undefined {
    const alarm = this.#earliest();
    return alarm && Math.max(alarm.due, this.#monotonic);
  }

  /** Rings the next alarm that is due at or before `limit` on the monotonic clock; false when there is none. */
  ringNext(limit: number): boolean {
    const alarm = this.#earliest();
    if (alarm === undefined || alarm.due > limit) return false;
    this.#alarms.delete(alarm.order);
    this.#monotonic = Math.max(this.#monotonic, alarm.due);
    alarm.callback();
    return true;
  }

  /** Goes on by `ms`, ringing what is due on the way, alarms set meanwhile included. */
  advance(ms: number): void {
    this.advanceTo(this.#monotonic + ms);
  }
  /** As {@link advance}, to a moment of the monotonic clock. */
  advanceTo(monotonic: number): void {
    while (this.ringNext(monotonic));
    this.#monotonic = Math.max(this.#monotonic, monotonic);
  }

  #set(due: number, onWall: boolean, callback: () => void): () => void {
    const order = this.#order++;
    this.#alarms.set(order, { due, order, onWall, callback });
    return () => void this.#alarms.delete(order);
  }

  #earliest(): Alarm | undefined {
    let earliest: Alarm | undefined;
    for (const alarm of this.#alarms.values()) {
      if (earliest === undefined || alarm.due < earliest.due) earliest = alarm;
    }
    return earliest;
  }
}
