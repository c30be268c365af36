import type { NewEvent, StoredEvent } from '#model';
import type { Appended } from '#ports';

export interface MemoryLogStoreOptions {
  /** How far the position moves with each event; a log promises only that it grows. */
  readonly step?: (position: number) => number;
  /** Events that were here before, from a recorded log. */
  readonly events?: readonly StoredEvent[];
  readonly origin?: number;
}

/** What is durable of a log in memory: it outlives the simulated processes that write and read it. */
export class MemoryLogStore {
  readonly events: StoredEvent[];
  readonly origin: number;
  readonly #streams = new Map<string, StoredEvent[]>();
  readonly #listeners = new Set<() => void>();
  readonly #step: (position: number) => number;

  constructor(options: MemoryLogStoreOptions = {}) {
    this.events = [...(options.events ?? [])];
    this.origin = options.origin ?? 0;
    this.#step = options.step ?? (() => 1);
    for (const event of this.events) this.#streamOf(event.stream).push(event);
  }

  get head(): number {
    return this.events.at(-1)?.position ?? this.origin;
  }

  stream(name: string): readonly StoredEvent[] {
    return this.#streams.get(name) ?? [];
  }

  /** The events above a position: found by halving, because positions have gaps. */
  after(position: number): readonly StoredEvent[] {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.events[middle]?.position ?? 0) > position) high = middle;
      else low = middle + 1;
    }
    return this.events.slice(low);
  }

  add(stream: string, event: NewEvent): Appended {
    const position = this.head + Math.max(1, this.#step(this.head));
    const inStream = this.#streamOf(stream);
    const { id, type, time, data, metadata } = event;
    const stored: StoredEvent = { id, type, time, data, metadata, stream, revision: inStream.length, position };
    inStream.push(stored);
    this.events.push(stored);
    for (const listener of [...this.#listeners]) listener();
    return { position, revision: stored.revision };
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #streamOf(name: string): StoredEvent[] {
    let events = this.#streams.get(name);
    if (events === undefined) this.#streams.set(name, (events = []));
    return events;
  }
}
