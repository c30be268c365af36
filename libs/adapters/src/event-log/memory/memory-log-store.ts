import type { NewEvent, StoredEvent } from '#model';
import { LogDamaged, type Appended } from '#ports';
import { hash128 } from '#std';

export interface MemoryLogStoreOptions {
  /** How far the position moves with each event; a log promises only that it grows. */
  readonly step?: (position: number) => number;
  /** Events that were here before, from a recorded log. */
  readonly events?: readonly StoredEvent[];
  readonly origin?: number;
}

/** What is durable of a log in memory: it outlives the simulated processes that write and read it. */
export class MemoryLogStore {
  readonly events: StoredEvent[] = [];
  readonly origin: number;
  readonly #streams = new Map<string, StoredEvent[]>();
  readonly #listeners = new Set<() => void>();
  readonly #step: (position: number) => number;
  /** Position of the last event of anybody. */
  #head: number;
  /** Checksums of events that were altered, as they were written. */
  readonly #written = new Map<number, string>();

  constructor(options: MemoryLogStoreOptions = {}) {
    this.origin = options.origin ?? 0;
    this.#step = options.step ?? (() => 1);
    this.#head = this.origin;
    this.#take(options.events ?? []);
  }

  get head(): number {
    return this.#head;
  }

  /** @throws {@link LogDamaged} */
  stream(name: string): readonly StoredEvent[] {
    return this.#verified(this.#streams.get(name) ?? []);
  }
  /** Revision of the last event of a stream, -1 for a stream without events. */
  revision(name: string): number {
    return (this.#streams.get(name)?.length ?? 0) - 1;
  }

  /**
   * The events above a position: found by halving, because positions have gaps.
   * @throws {@link LogDamaged}
   */
  after(position: number): readonly StoredEvent[] {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.events[middle]?.position ?? 0) > position) high = middle;
      else low = middle + 1;
    }
    return this.#verified(this.events.slice(low));
  }

  add(stream: string, event: NewEvent): Appended {
    const position = this.#next();
    const inStream = this.#streamOf(stream);
    const { id, type, time, data, metadata } = event;
    const stored: StoredEvent = { id, type, time, data, metadata, stream, revision: inStream.length, position };
    inStream.push(stored);
    this.events.push(stored);
    this.#changed();
    return { position, revision: stored.revision };
  }

  /** Somebody else who shares the store appends: positions go on, no event of this log stands there. */
  addForeign(count = 1): void {
    for (let i = 0; i < count; i++) this.#next();
    this.#changed();
  }

  /** Puts an earlier state in place, as restoring a backup does: every event above the position is gone. */
  restoreTo(position: number): void {
    const kept = this.events.filter((event) => event.position <= position);
    this.events.length = 0;
    this.#streams.clear();
    this.#written.clear();
    this.#head = position;
    this.#take(kept);
  }

  /** Flips one bit of a stored event. Every read that comes to it finds that its checksum is wrong. */
  damage(position: number, bit = 0): void {
    const index = this.events.findIndex((event) => event.position === position);
    const event = this.events[index];
    if (event === undefined) throw new RangeError(`no event stands at position ${position}`);
    this.#written.set(position, checksum(event));
    const letters = [...event.id];
    const at = bit % letters.length;
    letters[at] = String.fromCharCode((letters[at] ?? '0').charCodeAt(0) ^ 1);
    const altered: StoredEvent = { ...event, id: letters.join('') };
    this.events[index] = altered;
    this.#streamOf(event.stream)[event.revision] = altered;
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #take(events: readonly StoredEvent[]): void {
    for (const event of events) {
      this.events.push(event);
      this.#streamOf(event.stream).push(event);
      this.#head = Math.max(this.#head, event.position);
    }
  }
  #next(): number {
    this.#head += Math.max(1, this.#step(this.#head));
    return this.#head;
  }
  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
  #verified(events: readonly StoredEvent[]): readonly StoredEvent[] {
    if (this.#written.size === 0) return events;
    for (const event of events) {
      const { position } = event;
      const written = this.#written.get(position);
      if (written !== undefined && written !== checksum(event))
        throw new LogDamaged(`The event log is damaged at position ${position}. Restore it from a backup.`, {
          position,
        });
    }
    return events;
  }
  #streamOf(name: string): StoredEvent[] {
    let events = this.#streams.get(name);
    if (events === undefined) this.#streams.set(name, (events = []));
    return events;
  }
}

function checksum(event: StoredEvent): string {
  return hash128(JSON.stringify(event));
}
