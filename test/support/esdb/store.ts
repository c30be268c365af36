import { EventFile } from './event-file.js';

/** What a record takes on disk beside its texts: positions are offsets in the server's log, and so they have gaps. */
const RECORD_OVERHEAD_BYTES = 90;
/** .NET ticks (100 ns since year 1) of 1970-01-01. */
const TICKS_1970 = 621_355_968_000_000_000n;

export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}
export interface RecordedEvent extends ProposedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly created: string;
}
/** A revision, or one of the three words that the protocol has. */
export type Expected = number | 'any' | 'no_stream' | 'stream_exists';
export type AppendOutcome =
  | { readonly is: 'appended'; readonly revision: number; readonly position: number }
  | { readonly is: 'wrong-version'; readonly current: number }
  | { readonly is: 'too-large'; readonly bytesMax: number }
  | { readonly is: 'deleted' };

export interface StoreOptions {
  /** Where events survive a restart; in memory only when absent. */
  readonly file?: string;
  /** The server's `MaxAppendSize`, 1 MiB unless it is configured otherwise. */
  readonly appendBytesMax?: number;
}

/** The events of a stand-in server, with the rules of the genuine one for expected versions and repeated ids. */
export class EsdbStore {
  /** What readers may see: durable, in order. */
  readonly events: RecordedEvent[] = [];
  /** What appends are decided on: durable, or soon so. */
  readonly #streams = new Map<string, RecordedEvent[]>();
  readonly #tombstones = new Set<string>();
  readonly #appendBytesMax: number;
  readonly #file: EventFile | undefined;
  readonly #listeners = new Set<() => void>();
  #pending: RecordedEvent[] = [];
  #flushing: Promise<void> | undefined;
  #end = 0;

  constructor(options: StoreOptions = {}) {
    this.#appendBytesMax = options.appendBytesMax ?? 1024 * 1024;
    this.#file = options.file === undefined ? undefined : new EventFile(options.file);
    for (const event of this.#file?.read() ?? []) this.#restore(event);
    if (this.events.length === 0) this.#beginLikeTheServer();
  }

  async append(stream: string, expected: Expected, proposed: readonly ProposedEvent[]): Promise<AppendOutcome> {
    const outcome = this.#decide(stream, expected, proposed);
    // A repeated append may repeat one that is not durable yet.
    await this.#flush();
    return outcome;
  }

  async tombstone(stream: string): Promise<number> {
    const last = this.#record(stream, [systemEvent('$streamDeleted', {})]);
    this.#tombstones.add(stream);
    await this.#flush();
    return last.position;
  }

  isDeleted(stream: string): boolean {
    return this.#tombstones.has(stream);
  }

  /** Durable events of a stream; undefined when there never was one. */
  stream(name: string): readonly RecordedEvent[] | undefined {
    const durableUpTo = this.events.at(-1)?.position ?? 0;
    const events = this.#streams.get(name)?.filter((event) => event.position <= durableUpTo);
    return events === undefined || events.length === 0 ? undefined : events;
  }

  /** Index of the first durable event at or above a position. */
  indexOf(position: number): number {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.events[middle]?.position ?? 0) >= position) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#file?.close();
  }

  #decide(stream: string, expected: Expected, proposed: readonly ProposedEvent[]): AppendOutcome {
    if (this.#tombstones.has(stream)) return { is: 'deleted' };
    const bytes = proposed.reduce(
      (sum, event) => sum + event.data.length + event.metadata.length + event.type.length,
      0,
    );
    if (bytes > this.#appendBytesMax) return { is: 'too-large', bytesMax: this.#appendBytesMax };
    const events = this.#streams.get(stream) ?? [];
    const current = events.length - 1;
    const wanted = expected === 'no_stream' ? -1 : expected;
    const fits = wanted === 'any' || (wanted === 'stream_exists' ? current >= 0 : wanted === current);
    const first = this.#repeated(events, wanted, proposed, fits);
    if (first !== undefined) return { is: 'appended', revision: first.revision, position: first.position };
    if (!fits) return { is: 'wrong-version', current };
    const last = proposed.length === 0 ? events.at(-1) : this.#record(stream, proposed);
    return { is: 'appended', revision: last?.revision ?? -1, position: last?.position ?? this.#end };
  }

  /**
   * The last event of an earlier append that had the same ids. With a number as the expected version it must stand right
   * after it; the same id at the current version is written again. Without one it is looked for in the stream.
   */
  #repeated(
    events: readonly RecordedEvent[],
    wanted: number | 'any' | 'stream_exists',
    proposed: readonly ProposedEvent[],
    fits: boolean,
  ): RecordedEvent | undefined {
    const first = proposed[0];
    if (first === undefined || (typeof wanted === 'number' && fits)) return undefined;
    const start = typeof wanted === 'number' ? wanted + 1 : events.findIndex((event) => event.id === first.id);
    if (start < 0 || start + proposed.length > events.length) return undefined;
    const same = proposed.every((event, index) => events[start + index]?.id === event.id);
    return same ? events[start + proposed.length - 1] : undefined;
  }

  #record(stream: string, proposed: readonly ProposedEvent[]): RecordedEvent {
    const events = this.#streamOf(stream);
    for (const event of proposed) {
      const position = this.#end;
      this.#end +=
        RECORD_OVERHEAD_BYTES +
        Buffer.byteLength(stream) +
        event.type.length +
        event.data.length +
        event.metadata.length;
      const created = String(BigInt(Date.now()) * 10_000n + TICKS_1970);
      const recorded = { ...event, stream, revision: events.length, position, created };
      events.push(recorded);
      this.#pending.push(recorded);
    }
    return events.at(-1) as RecordedEvent;
  }

  /** What comes during a write to disk is the next write. */
  async #flush(): Promise<void> {
    while (this.#pending.length > 0 || this.#flushing !== undefined) {
      this.#flushing ??= this.#flushOnce();
      await this.#flushing;
    }
  }

  async #flushOnce(): Promise<void> {
    const events = this.#pending;
    this.#pending = [];
    await this.#file?.write(events);
    this.events.push(...events);
    this.#flushing = undefined;
    for (const listener of [...this.#listeners]) listener();
  }

  #restore(event: RecordedEvent): void {
    this.events.push(event);
    this.#streamOf(event.stream).push(event);
    this.#end =
      event.position +
      RECORD_OVERHEAD_BYTES +
      Buffer.byteLength(event.stream) +
      event.type.length +
      event.data.length +
      event.metadata.length;
    if (event.type === '$streamDeleted') this.#tombstones.add(event.stream);
  }

  /** The genuine server's log never begins with a user's event: settings and users of its own come first. */
  #beginLikeTheServer(): void {
    this.#end = 1400;
    for (const user of ['admin', 'ops'])
      this.#record(`$user-${user}`, [systemEvent('$UserCreated', { loginName: user })]);
    this.#record('$users', [systemEvent('$User', { loginName: 'admin' })]);
    void this.#flush();
  }

  #streamOf(name: string): RecordedEvent[] {
    let events = this.#streams.get(name);
    if (events === undefined) this.#streams.set(name, (events = []));
    return events;
  }
}

function systemEvent(type: string, data: object): ProposedEvent {
  const id = crypto.randomUUID();
  return {
    id,
    type,
    contentType: 'application/json',
    data: Buffer.from(JSON.stringify(data)),
    metadata: new Uint8Array(),
  };
}
