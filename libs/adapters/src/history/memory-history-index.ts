import type { KindId, StoredEvent } from '#model';
import { kindOfStream, parseStream } from '#model';
import {
  LogDamaged,
  type HistoryBatch,
  type HistoryChanges,
  type HistoryIndex,
  type HistoryScope,
  type HistorySlice,
  type HistoryWanted,
  type RecordedEvent,
} from '#ports';
import type { JsonObject } from '#std';
import { factsOf, LIFE, type Life } from './event-facts.js';
import type { PackedRow } from './packing.js';
import { storedEvent } from './stored-event.js';

interface Kept extends PackedRow {
  readonly life: Life;
}
interface Stream {
  revision: number;
  readonly events: Kept[];
}

/** Objects of a slice: so few that tests with few objects see more than one. */
const SLICE_OBJECTS = 2;

/** The index in memory, for the simulation and for unit tests: lists look at every stream of their kind. */
export class MemoryHistoryIndex implements HistoryIndex {
  #streams = new Map<string, Stream>();
  #mark: JsonObject | undefined;

  async mark(): Promise<JsonObject | undefined> {
    return this.#mark;
  }

  async add(events: readonly RecordedEvent[], { epoch, mark }: HistoryBatch): Promise<void> {
    this.#check(events);
    for (const { stream: name, position, revision, raw } of events) {
      const known = this.#streams.get(name) ?? { revision: -1, events: [] };
      this.#streams.set(name, known);
      known.revision = revision;
      const facts = factsOf(raw);
      if (facts.epoch >= epoch)
        known.events.push({ stream: name, position, revision, raw: Uint8Array.from(raw), life: facts.life });
    }
    this.#mark = mark;
  }
  async clear(): Promise<void> {
    this.#streams = new Map();
    this.#mark = undefined;
  }

  async get({ stream, at, below = Infinity }: HistoryWanted): Promise<readonly StoredEvent[]> {
    return this.#get(stream, at, below);
  }

  async *scan({ kind, namespace, at, from = '' }: HistoryScope): AsyncIterable<HistorySlice> {
    const found = [...this.#streams.keys()]
      .filter((stream) => {
        const name = parseStream(stream);
        return name.kind === kind && (namespace === undefined || name.namespace === namespace);
      })
      .sort()
      .filter((stream) => stream.slice(kind.length + 1) >= from)
      .map((stream) => this.#get(stream, at))
      .filter((events) => events.length > 0);
    for (let next = 0; next === 0 || next < found.length; next += SLICE_OBJECTS)
      yield {
        objects: found.slice(next, next + SLICE_OBJECTS),
        left: Math.max(0, found.length - next - SLICE_OBJECTS),
      };
  }

  async *changes(kind: KindId, after: number, upTo: number): AsyncIterable<HistoryChanges> {
    const all = [...this.#streams]
      .filter(([stream]) => kindOfStream(stream) === kind)
      .flatMap(([, { events }]) => events.filter(({ position }) => position > after && position <= upTo))
      .sort((a, b) => a.position - b.position);
    for (let next = 0; after < upTo && (next === 0 || next < all.length); next += SLICE_OBJECTS) {
      const slice = all.slice(next, next + SLICE_OBJECTS);
      const first = new Map(slice.toReversed().map(({ stream, position }) => [stream, position]));
      const before = [...first].map(([stream, position]) => this.#get(stream, position - 1));
      const isLast = next + SLICE_OBJECTS >= all.length;
      yield {
        events: slice.map(storedEvent),
        before: before.filter((events) => events.length > 0),
        upTo: isLast ? upTo : (slice.at(-1)?.position ?? upTo),
      };
    }
  }

  async lastChange(kind: KindId, at: number): Promise<number> {
    const changes = [...this.#streams].filter(([stream]) => kindOfStream(stream) === kind);
    const last = changes.map(([, { events }]) => events.findLast(({ position }) => position <= at)?.position ?? 0);
    return Math.max(0, ...last);
  }

  async close(): Promise<void> {}

  #get(stream: string, at: number, below = Infinity): readonly StoredEvent[] {
    const events = (this.#streams.get(stream)?.events ?? []).filter(({ position }) => position <= at);
    const begin = events.findLastIndex(({ life, position }) => life !== LIFE.changes && position < below);
    if (begin < 0 || events[begin]?.life === LIFE.ends) return [];
    return events.slice(begin).map(storedEvent);
  }

  #check(events: readonly RecordedEvent[]): void {
    const last = new Map<string, number>();
    for (const { stream, position, revision } of events) {
      const before = last.get(stream) ?? this.#streams.get(stream)?.revision ?? revision - 1;
      last.set(stream, revision);
      if (revision === before + 1) continue;
      throw new LogDamaged(
        `The event log is damaged: the event at position ${position} is revision ${revision} of stream ${stream}, ` +
          `but the stream's event before it is revision ${before}. Restore the log from a backup.`,
        { position },
      );
    }
  }
}
