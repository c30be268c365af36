import type { Change, KindId, KindRef, KubeObject, StreamState, View } from '#model';
import { streamOf } from '#model';
import { assert } from '#std';
import { bytesReplaced } from './held-bytes.js';
import { nodeOf } from './object-indexes.js';
import type { Projection } from './projection.js';

/** How long the versions of objects are kept in memory: pages and watches start inside this window. */
export const WINDOW_MS = 5 * 60_000;
/** And at most so many: a busy cluster makes more in minutes than a watch needs to come back. */
export const WINDOW_CHANGES = 100_000;
/** And at most so many bytes of versions that nobody else holds, as {@link bytesOf} counts them. */
export const WINDOW_BYTES = 64 * 1024 * 1024;
/** What is kept of a change beside the version before it. */
const CHANGE_BYTES = 256;

interface Kept {
  readonly change: Change;
  readonly stream: string;
  /** State of the stream before the change. */
  readonly before: StreamState | undefined;
  /** When it was folded, on the monotonic clock. */
  readonly at: number;
  /** What the window alone keeps in memory: the parts of the version before that the one after does not share. */
  readonly bytes: number;
}

export interface ChangeSubscription {
  cancel(): void;
}
interface Subscriber {
  readonly kind: KindId;
  readonly onChanges: (changes: readonly Change[], progress: number) => void;
  pending: Change[];
}

/** The last minutes of changes, in order: watches resume from it, and views of the recent past are rewound with it. */
export class ChangeWindow {
  private kept: Kept[] = [];
  private dropped = 0;
  /** Changes at or before this position are not here any more. */
  private oldest = 0;
  private readonly byKind = new Map<KindId, Kept[]>();
  private readonly subscribers = new Map<KindId, Set<Subscriber>>();
  private readonly waiting = new Set<Subscriber>();
  private bytesKept = 0;
  /** Of changes that are dropped, and still in the list. */
  private bytesDropped = 0;

  constructor(
    private readonly projection: Projection,
    private readonly bytesMax = WINDOW_BYTES,
  ) {}

  /** About how much memory the kept changes take. */
  get bytes(): number {
    return this.bytesKept;
  }

  /** First position from which a watch can be resumed exactly. */
  get resumableAfter(): number {
    return this.oldest;
  }

  /** Forgets everything: the projection begins anew at its position. */
  reset(): void {
    this.kept = [];
    this.dropped = 0;
    this.byKind.clear();
    this.bytesKept = 0;
    this.oldest = this.projection.position;
  }

  add(change: Change, stream: string, before: StreamState | undefined, at: number): void {
    const bytes = CHANGE_BYTES + bytesReplaced(change.before, change.after);
    const kept: Kept = { change, stream, before, at, bytes };
    this.kept.push(kept);
    this.bytesKept += bytes;
    const list = this.byKind.get(change.kind);
    if (list) list.push(kept);
    else this.byKind.set(change.kind, [kept]);
    for (const subscriber of this.subscribers.get(change.kind) ?? []) {
      subscriber.pending.push(change);
      this.waiting.add(subscriber);
    }
  }

  /** Shows some versions of objects in another form from now on. */
  redact(isMeant: (version: KubeObject) => boolean, redacted: (object: KubeObject) => KubeObject): void {
    const shown = (object: KubeObject): KubeObject => (isMeant(object) ? redacted(object) : object);
    const replaced = new Map<Kept, Kept>();
    this.kept.forEach((kept, i) => {
      const { before, after } = kept.change;
      if (![before, after].some((object) => object && isMeant(object))) return;
      const change = {
        ...kept.change,
        before: before && shown(before),
        after: after && shown(after),
      };
      const object = kept.before?.object;
      const other = { ...kept, change, before: kept.before && { ...kept.before, object: object && shown(object) } };
      replaced.set(kept, other);
      this.kept[i] = other;
    });
    if (replaced.size === 0) return;
    for (const [kind, list] of this.byKind)
      if (list.some((kept) => replaced.has(kept)))
        this.byKind.set(
          kind,
          list.map((kept) => replaced.get(kept) ?? kept),
        );
  }

  /** Hands what was added since the last call to the subscribers, a batch each. */
  flush(): void {
    if (this.waiting.size === 0) return;
    const ready = [...this.waiting];
    this.waiting.clear();
    for (const subscriber of ready) {
      const changes = subscriber.pending;
      subscriber.pending = [];
      subscriber.onChanges(changes, this.projection.position);
    }
  }

  /** `now` is on the monotonic clock, as `at` is in {@link add}: a wall clock that is set neither empties nor fills the window. */
  prune(now: number): void {
    const limit = now - WINDOW_MS;
    const surplus = this.kept.length - WINDOW_CHANGES;
    while (
      this.dropped < this.kept.length &&
      (this.dropped < surplus || this.bytesKept > this.bytesMax || (this.kept[this.dropped] as Kept).at < limit)
    ) {
      const { change, bytes } = this.kept[this.dropped] as Kept;
      this.oldest = change.position;
      this.bytesKept -= bytes;
      this.bytesDropped += bytes;
      this.dropped++;
    }
    // What was dropped is held until the list is made anew: not for long when it is much.
    const isMuch = this.bytesDropped > this.bytesMax / 4;
    if (!isMuch && this.dropped < 1024 && this.dropped < this.kept.length / 2) return;
    this.bytesDropped = 0;
    this.kept = this.kept.slice(this.dropped);
    this.dropped = 0;
    for (const [kind, list] of this.byKind) {
      const first = list.findIndex((kept) => kept.change.position > this.oldest);
      if (first === -1) this.byKind.delete(kind);
      else if (first > 0) this.byKind.set(kind, list.slice(first));
    }
  }

  /** Changes of a kind after a position, or undefined when they are not all here. */
  since(kind: KindId, after: number): readonly Change[] | undefined {
    return this.keptSince(kind, after)?.map((kept) => kept.change);
  }
  private keptSince(kind: KindId, after: number): readonly Kept[] | undefined {
    if (after < this.oldest) return undefined;
    const list = this.byKind.get(kind) ?? [];
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((list[middle] as Kept).change.position <= after) low = middle + 1;
      else high = middle;
    }
    return list.slice(low);
  }

  /**
   * When the first change of a kind after a position was folded, on the monotonic clock; `-Infinity` when that lies before the
   * window, undefined when there was none.
   */
  supersededAt(kind: KindId, position: number): number | undefined {
    const first = this.keptSince(kind, position);
    return first === undefined ? -Infinity : first.at(0)?.at;
  }

  /** Every later change of a kind, in batches. Those between `after` and now are given at once, in the call. */
  subscribe(kind: KindId, after: number, onChanges: Subscriber['onChanges']): ChangeSubscription | undefined {
    const missed = this.since(kind, after);
    if (missed === undefined) return undefined;
    const subscriber: Subscriber = { kind, onChanges, pending: [] };
    // What others have pending but not flushed is in `missed` already, so this one starts with an empty list.
    let subscribers = this.subscribers.get(kind);
    if (!subscribers) this.subscribers.set(kind, (subscribers = new Set()));
    subscribers.add(subscriber);
    if (missed.length > 0) onChanges(missed, this.projection.position);
    return {
      cancel: () => {
        subscribers.delete(subscriber);
        this.waiting.delete(subscriber);
      },
    };
  }

  /** The cluster as it was at a position inside the window, or undefined when that is too long ago. */
  viewAt(position: number): View | undefined {
    if (position < this.oldest || position > this.projection.position) return undefined;
    return new RewoundView(
      this.projection,
      position,
      () => this.kept,
      () => ({ first: this.dropped, after: this.oldest }),
    );
  }
}

/** A view of the recent past: the present with the changes since then taken back. It stays right while the present moves on. */
class RewoundView implements View {
  private readonly overlay = new Map<string, { kind: KindId; state: StreamState | undefined }>();
  private scannedTo: number;

  constructor(
    private readonly base: Projection,
    readonly position: number,
    private readonly kept: () => readonly Kept[],
    /** Where the changes begin that are kept, and the position after which they do. */
    private readonly begin: () => { readonly first: number; readonly after: number },
  ) {
    this.scannedTo = position;
    this.catchUp();
  }

  get<T extends KubeObject>(kind: KindRef<T>, namespace: string | undefined, name: string): T | undefined {
    return this.stream(streamOf(kind.id, namespace, name))?.object as T | undefined;
  }
  list<T extends KubeObject>(kind: KindRef<T>, namespace?: string): readonly T[] {
    this.catchUp();
    const present = this.base.list(kind, namespace);
    const taken = new Map<string, T>();
    let touched = false;
    const prefix = namespace === undefined ? `${kind.id}/` : `${kind.id}/${namespace || '_'}/`;
    for (const object of present) taken.set(streamOf(kind.id, object.metadata.namespace, object.metadata.name), object);
    for (const [stream, { state }] of this.overlay) {
      if (!stream.startsWith(prefix)) continue;
      touched = true;
      if (state?.object) taken.set(stream, state.object as T);
      else taken.delete(stream);
    }
    if (!touched) return present;
    return [...taken.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }
  stream(stream: string): StreamState | undefined {
    this.catchUp();
    const rewound = this.overlay.get(stream);
    return rewound ? rewound.state : this.base.stream(stream);
  }
  ownedBy(uid: string): readonly KubeObject[] {
    return this.rewoundOf(
      this.base.ownedBy(uid),
      (o) => o.metadata.ownerReferences?.some((r) => r.uid === uid) ?? false,
    );
  }
  podsOnNode(node: string): readonly KubeObject[] {
    return this.rewoundOf(this.base.podsOnNode(node), (o, kind) => nodeOf(kind, o) === node);
  }
  byUid(uid: string): KubeObject | undefined {
    this.catchUp();
    for (const { state } of this.overlay.values()) if (state?.object?.metadata.uid === uid) return state.object;
    const present = this.base.byUid(uid);
    return present && this.rewoundOf([present], () => true)[0];
  }
  childrenEver(ownerUid: string): number {
    return this.base.childrenEver(ownerUid);
  }
  kindsIn(namespace: string): readonly KindId[] {
    const kinds = new Set<KindId>(this.base.kindsIn(namespace));
    for (const { kind } of this.overlay.values()) kinds.add(kind);
    return [...kinds].filter((id) => this.list({ id }, namespace).length > 0).sort();
  }

  private rewoundOf(
    present: readonly KubeObject[],
    belongs: (object: KubeObject, kind: KindId) => boolean,
  ): readonly KubeObject[] {
    this.catchUp();
    const found = new Map<string, KubeObject>();
    for (const object of present) found.set(object.metadata.uid, object);
    for (const { state } of this.overlay.values()) if (state?.object) found.delete(state.object.metadata.uid);
    for (const [stream] of this.overlay) {
      const now = this.base.stream(stream)?.object;
      if (now) found.delete(now.metadata.uid);
    }
    for (const { kind, state } of this.overlay.values()) {
      if (state?.object && belongs(state.object, kind)) found.set(state.object.metadata.uid, state.object);
    }
    return [...found.values()];
  }

  private catchUp(): void {
    if (this.base.position === this.scannedTo) return;
    const kept = this.kept();
    const { first, after } = this.begin();
    // Views are looked at in the turn in which they were asked for, or not much later.
    assert(after <= this.scannedTo, 'a view of the recent past was held until the changes since then were gone');
    let low = first;
    let high = kept.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((kept[middle] as Kept).change.position <= this.scannedTo) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < kept.length; i++) {
      const { stream, before, change } = kept[i] as Kept;
      // The first change after the moment knows the state at the moment.
      if (!this.overlay.has(stream)) this.overlay.set(stream, { kind: change.kind, state: before });
    }
    this.scannedTo = this.base.position;
  }
}
