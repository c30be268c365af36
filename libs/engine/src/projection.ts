import type { Change, End, Fact, KindId, KindRef, KubeObject, ObjectIndex, StreamState, View } from '#model';
import { DELETED, parseStream, snapshotState } from '#model';
import type { RecordedEvent } from '#ports';
import { fromEventTime, toEventTime } from '#std';
import { ChildCounts } from './child-counts.js';
import type { Fold, RebuildOptions, RestoredState } from './fold.js';
import { ObjectIndexes } from './object-indexes.js';
import { ObjectTable } from './object-table.js';
import { CHECKPOINT_STREAM, WRITER_STREAM } from './own-streams.js';
import { shreddingOver, withSealed } from './sealed-state.js';
import { endedStreams, type Entry, type Forgotten, type IndexedEntry } from './projection-entry.js';
import { Sharing } from './sharing.js';
import { requireNext, type Place } from './stream-proofs.js';
import { isChange, isNewBeginning, DeferredEvents } from './deferred-events.js';

/** How long it is remembered that there was an object of a name: longer than any decision about it is under way. */
const ENDS_KEPT_MS = 24 * 3_600_000;
/** So much is folded in a turn: others are waiting. */
const BYTES_AT_ONCE = 512 * 1024;
const STREAMS_MAX = 8192;

/**
 * The log folded into immutable objects, with secondary indexes. It is a {@link View}: what it answers is true at
 * `position` and stays so until the next `apply`, so synchronous code sees one consistent state.
 */
export class Projection implements View {
  position = 0;
  /** The writer's term: events of an older one do not count. */
  epoch = 0;
  cluster = '';
  /** When an object went last, RFC 3339 with milliseconds. */
  lastEnd = '';
  /** Streams whose ends were forgotten by the last {@link apply}. */
  forgotten: readonly Forgotten[] = [];
  /** Uids of objects that are gone and still shown by views of the recent past: their children stay counted. */
  recentlyGone: () => Iterable<string> = () => [];
  private readonly streams = new Map<string, Entry>();
  private readonly tables = new Map<KindId, ObjectTable>();
  private readonly indexes = new ObjectIndexes<Entry>(() => this.living());
  private readonly children = new ChildCounts();
  /** Streams of objects that are gone, the first to go first. */
  private ended = new Set<string>();
  /** While the past is read: nobody looks, so versions in between are written over and indexes are made at the end. */
  private rebuilding = false;
  /** The object of the stream that a rebuild reads shares no part with others. */
  private isOwned = false;
  private readonly sharing = new Sharing();
  private readonly deferred = new DeferredEvents<Entry>();
  /** At so many streams a rebuild forgets those whose end is long ago: of all that ever were, most are gone. */
  private streamsMax = STREAMS_MAX;
  private open: (recorded: RecordedEvent) => Fact = (recorded) => recorded.fact();

  /**
   * `endsKeptMs`: how long after its end a stream stays known. `onUnproven` is called with each event of a stream that is
   * not known, although the event is not the stream's first: whether it follows what was there only the log can tell.
   */
  constructor(
    private readonly fold: Fold,
    private readonly endsKeptMs = ENDS_KEPT_MS,
    private readonly onUnproven: (place: Place) => void = () => undefined,
  ) {}

  /**
   * Takes the next event of the log. Returns what changed, or undefined when no object did (or the event does not count).
   * Throws `LogDamaged` when the event does not follow its stream.
   */
  apply(event: Fact): Change | undefined {
    this.checkRevision(this.streams.get(event.stream)?.last ?? -1, event);
    this.position = event.position;
    this.forgotten = [];
    return this.take(event);
  }

  private take(event: Fact): Change | undefined {
    if (event.stream === WRITER_STREAM || event.stream === CHECKPOINT_STREAM) {
      if (event.stream === WRITER_STREAM) this.elect(event);
      this.put(event.stream, { revision: event.revision, position: event.position, object: undefined }, event.position);
      return undefined;
    }
    const entry = this.streams.get(event.stream);
    const before = entry?.state;
    const { revision, position, time } = event;
    if (!this.counts(event)) {
      // A writer that was voted out while its append was under way: the stream has moved, the object has not.
      const state = before?.object
        ? { ...before, revision }
        : { revision, position, object: undefined, ended: { at: time, uid: '' } };
      this.settle(event.stream, state, position);
      return undefined;
    }
    if (event.type === DELETED) this.sawEnd(time);
    const folded = withSealed(this.fold(before, event, this.isOwned), before, event, this.fold);
    const state = this.rebuilding ? folded : this.sharing.shared(folded, before);
    const change = this.settle(event.stream, state, position);
    // An event of an object whose creation did not count: nothing was there, nothing is, nobody is shown anything.
    return (change.before ?? change.after) ? change : undefined;
  }

  /** Replaces the state of a stream and keeps the indexes. The writer uses it for what it decided but is not durable yet. */
  put(stream: string, next: StreamState, position: number): Change {
    if (next.ended) this.sawEnd(next.ended.at);
    return this.settle(stream, next, position);
  }

  private settle(stream: string, next: StreamState, position: number): Change {
    const entry = this.entry(stream);
    const last = entry.state;
    const change = this.place(stream, entry, next, position);
    if (last?.ended !== next.ended && !this.rebuilding) this.noteEnd(stream, next.ended);
    return change;
  }

  private place(stream: string, entry: Entry, next: StreamState, position: number): Change {
    const { kind, namespace, name } = entry.name;
    const before = entry.state?.object;
    const after = next.object;
    entry.state = next;
    if (next.revision > entry.last) entry.last = next.revision;
    if (before !== after) {
      this.children.countBirth(before, after);
      if (!this.rebuilding && this.children.isFull) this.dropCounts();
      if (!this.rebuilding) {
        entry.table.set(namespace ?? '', name, after);
        this.indexes.update(entry, before, after);
      }
    }
    return { kind, position, before, after };
  }

  /** How many streams are known, and how many counts of children: what the memory of a projection grows with. */
  get size(): { readonly streams: number; readonly counts: number } {
    return { streams: this.streams.size, counts: this.children.size };
  }
  get<T extends KubeObject>(kind: KindRef<T>, namespace: string | undefined, name: string): T | undefined {
    return this.tables.get(kind.id)?.get(namespace ?? '', name) as T | undefined;
  }
  list<T extends KubeObject>(kind: KindRef<T>, namespace?: string): readonly T[] {
    return (this.tables.get(kind.id)?.list(namespace) ?? []) as readonly T[];
  }
  stream(stream: string): StreamState | undefined {
    return this.streams.get(stream)?.state;
  }
  by<T extends KubeObject>(index: ObjectIndex<T>, value: string): readonly T[] {
    return this.entriesBy(index, value).map(({ state }) => state?.object as T);
  }
  /** As {@link by}, with the streams of the objects. */
  entriesBy(index: ObjectIndex, value: string): readonly IndexedEntry[] {
    return this.indexes.by(index, value);
  }
  /** Maintains these indexes from now on; others are built when they are asked for. */
  keep(indexes: Iterable<ObjectIndex>): void {
    this.indexes.keep(indexes);
  }
  childrenEver(ownerUid: string): number {
    return this.children.of(ownerUid);
  }

  /** Every stream with its state, for checkpoints and for rebuilding the writer's own projection. */
  *entries(): IterableIterator<[string, StreamState]> {
    this.readUnread();
    for (const [stream, { state }] of this.streams) if (state) yield [stream, state];
  }
  childCounts(): IterableIterator<[string, number]> {
    this.readUnread();
    return this.children.entries();
  }
  /**
   * Reads the past into an empty projection, several times as fast as one event after the other: what a checkpoint holds,
   * then batches of events. Events of one stream are folded together, long after they were read, and those before its end
   * or before a snapshot not at all. Nothing may be asked of this projection meanwhile but what a checkpoint is made of, in `each`.
   */
  async rebuild(
    from: RestoredState | undefined,
    batches: AsyncIterable<readonly RecordedEvent[]>,
    { codec, soon, upTo, each }: RebuildOptions,
  ): Promise<void> {
    this.rebuilding = true;
    if (from) this.restore(from);
    this.open = (recorded) => codec.decode(recorded.fact());
    for await (const events of batches) {
      for (const event of events) {
        const entry = this.entry(event.stream);
        this.checkRevision(entry.last, event);
        entry.last = event.revision;
        each?.(event);
        this.position = event.position;
        if (event.stream === WRITER_STREAM) {
          // Which events count depends on it.
          this.readUnread();
          this.take(this.open(event));
          event.done();
        } else if (event.stream === CHECKPOINT_STREAM) {
          this.take(this.open(event));
          event.done();
        } else {
          this.deferred.add(entry, event);
          if (isNewBeginning(event)) this.readStream(entry);
        }
      }
      this.readUnread(this.deferred.allowed(upTo));
      if (this.streams.size >= this.streamsMax || this.children.isFull) {
        this.readUnread();
        this.orderEnds();
        this.dropCounts();
        this.streamsMax = Math.max(STREAMS_MAX, 2 * this.streams.size);
      }
    }
    await this.foldUnread(soon);
    await this.sharing.finish(soon);
    this.rebuilding = false;
    for (const [entry, object] of this.living()) {
      entry.table.set(entry.name.namespace ?? '', entry.name.name, object);
      this.indexes.update(entry, undefined, object);
    }
    this.orderEnds();
  }
  /** Folds what a rebuild has set aside, as {@link entries} does, but others have their turns meanwhile. */
  async foldUnread(soon: (callback: () => void) => void): Promise<void> {
    for (let left = this.deferred.bytesBehind; left > 0; left = this.deferred.bytesBehind) {
      this.readUnread(left - BYTES_AT_ONCE);
      await new Promise<void>(soon);
    }
  }
  /** A rebuild begins from a checkpoint instead of from nothing. */
  private restore({ entries, children, ...rest }: RestoredState): void {
    for (const [stream, state] of entries)
      this.load(this.newEntry(stream, parseStream(stream)), this.sharing.shared(state));
    this.children.restore(children);
    this.begin(rest);
  }
  private begin({ position, epoch, cluster, lastEnd }: Omit<RestoredState, 'entries' | 'children'>): void {
    this.position = position;
    this.epoch = epoch;
    this.cluster = cluster;
    this.lastEnd = lastEnd;
  }
  /** Puts a state into an empty projection. What was counted of it comes by itself. */
  private load(entry: Entry, state: StreamState): void {
    entry.state = state;
    entry.last = state.revision;
    const { object } = state;
    if (!object || this.rebuilding) return;
    entry.table.set(entry.name.namespace ?? '', entry.name.name, object);
    this.indexes.update(entry, undefined, object);
  }
  /** A second projection of the same state; the objects themselves are shared. */
  copy(): Projection {
    this.readUnread();
    const other = new Projection(this.fold, this.endsKeptMs);
    other.keep(this.indexes.kept);
    for (const [stream, { name, state }] of this.streams) if (state) other.load(other.newEntry(stream, name), state);
    // In their order. A set that is copied as a whole takes a twentieth of the time.
    other.ended = new Set(this.ended);
    other.children.restore(this.childCounts());
    other.begin(this);
    return other;
  }

  private sawEnd(at: string): void {
    if (at > this.lastEnd) this.lastEnd = at;
  }
  private noteEnd(stream: string, ended: End | undefined): void {
    this.ended.delete(stream);
    if (ended) this.ended.add(stream);
    this.forgetEnded();
  }
  /** Once what was read out of order is whole: the ends in their order, as if each had been noted when it came. */
  private orderEnds(): void {
    this.ended = new Set(endedStreams(this.streams.values()));
    this.forgetEnded();
  }
  /**
   * Forgets streams that ended long before the last one did, and what was counted for their objects: of everything that
   * ever was, names would be left over for good. Measured by ends alone, so that every reader of the log forgets the same.
   */
  private forgetEnded(): void {
    if (this.ended.size === 0 || this.lastEnd === '') return;
    const before = toEventTime(fromEventTime(this.lastEnd) - this.endsKeptMs);
    const forgotten: Forgotten[] = [];
    for (const stream of this.ended) {
      const state = this.streams.get(stream)?.state;
      if (state?.ended && state.ended.at >= before) break;
      this.ended.delete(stream);
      this.streams.delete(stream);
      if (!state?.ended) continue;
      forgotten.push({ stream, state: { ...state, ended: state.ended }, children: this.childrenEver(state.ended.uid) });
      this.children.forget(state.ended.uid);
    }
    this.forgotten = forgotten;
  }

  /** Folds what was set aside longest until nothing lies further behind than so many bytes. */
  private readUnread(bytesBehind = 0): void {
    for (const entry of this.deferred.behind(bytesBehind)) this.readStream(entry);
  }
  private readStream(entry: Entry): void {
    const events = this.deferred.take(entry);
    // No election lies between them: one term decides.
    const base = this.lastBase(events);
    const before = entry.state;
    this.isOwned = base !== undefined || before?.object === undefined || this.sharing.isWaiting(entry);
    if (base) {
      const skipped = events.slice(0, base.index);
      this.countBirths(skipped, entry.state?.object?.metadata.uid);
      if (base.state) entry.state = this.withShredding(base.state, skipped, entry.state);
      else this.take(base.event);
    }
    for (const recorded of events.slice(base ? base.index + 1 : 0)) this.take(this.open(recorded));
    if (this.isOwned) this.sharing.later(entry);
    else if (entry.state) entry.state = this.sharing.shared(entry.state, before);
    this.isOwned = false;
    for (const recorded of events) recorded.done();
  }
  /** The last deletion or snapshot that counts: of what was before it, the object shows nothing. */
  private lastBase(events: readonly RecordedEvent[]): Base | undefined {
    for (let index = events.length - 1; index >= 0; index--) {
      const recorded = events[index] as RecordedEvent;
      if (!isNewBeginning(recorded)) continue;
      const event = this.open(recorded);
      const opened = snapshotState(event);
      const state = opened && withSealed(opened, undefined, event, this.fold);
      if (this.counts(event) && (state || event.type === DELETED)) return { index, event, state };
    }
    return undefined;
  }
  /** Only sealed kinds have anything to carry over to a snapshot. */
  private withShredding(
    state: StreamState,
    skipped: readonly RecordedEvent[],
    before: StreamState | undefined,
  ): StreamState {
    if (!state.sealed || state.shredding?.kept) return state;
    const shredding = shreddingOver(skipped, before?.shredding, (recorded) => {
      const event = this.open(recorded);
      return this.counts(event) ? event : undefined;
    });
    return shredding && !state.shredding ? { ...state, shredding } : state;
  }
  /** All that is left of what is gone: its owner has had it. `uid` is of the object before. */
  private countBirths(events: readonly RecordedEvent[], uid: string | undefined): void {
    for (const recorded of events) {
      if (recorded.type !== DELETED && (isChange(recorded) || !recorded.mayHave('ownerReferences'))) continue;
      const event = this.open(recorded);
      if (!this.counts(event)) continue;
      if (recorded.type === DELETED) this.sawEnd(event.time);
      const born = recorded.type === DELETED ? undefined : (event.data['object'] as KubeObject | undefined);
      if (recorded.type !== DELETED && (!born || born.metadata.uid === uid)) continue;
      this.children.countBirth(undefined, born);
      uid = born?.metadata.uid;
    }
  }
  private counts(event: Fact): boolean {
    return event.metadata.epoch >= this.epoch;
  }

  private elect(event: Fact): void {
    const data = event.data as { epoch?: number; cluster?: string };
    this.epoch = Math.max(this.epoch, data.epoch ?? 0);
    if (this.cluster === '' && data.cluster) this.cluster = data.cluster;
  }
  private entry(stream: string): Entry {
    return this.streams.get(stream) ?? this.newEntry(stream, parseStream(stream));
  }
  private newEntry(stream: string, name: Entry['name']): Entry {
    let table = this.tables.get(name.kind);
    if (!table) this.tables.set(name.kind, (table = new ObjectTable()));
    const entry = { stream, name, table, state: undefined, last: -1 };
    this.streams.set(stream, entry);
    return entry;
  }

  private checkRevision(last: number, event: Place): void {
    if (last < 0 && event.revision > 0) this.onUnproven(event);
    else requireNext(last, event);
  }

  private *living(): IterableIterator<readonly [Entry, KubeObject]> {
    for (const entry of this.streams.values()) if (entry.state?.object) yield [entry, entry.state.object];
  }

  /** Drops the counts of owners that are gone: taken over by another object of the name, or never there at all. */
  private dropCounts(): void {
    const needed = new Set<string>(this.recentlyGone());
    for (const { state } of this.streams.values()) {
      if (state?.ended) needed.add(state.ended.uid);
      if (!state?.object) continue;
      needed.add(state.object.metadata.uid);
      for (const { uid } of state.object.metadata.ownerReferences ?? []) needed.add(uid);
    }
    this.children.keepOnly(needed);
  }
}

/** Where the reading of a stream's past may begin. */
interface Base {
  readonly index: number;
  readonly event: Fact;
  /** After a snapshot; undefined for a deletion. */
  readonly state: StreamState | undefined;
}
