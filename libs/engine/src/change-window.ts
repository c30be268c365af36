import type { Change, KindId, KubeObject, View } from '#model';
import { newOwner } from './child-counts.js';
import { bytesReplaced } from './held-bytes.js';
import type { Projection } from './projection.js';
import { RewoundView, type Rewind } from './rewound-view.js';

/** How long the versions of objects are kept in memory: pages and watches start inside this window. */
export const WINDOW_MS = 5 * 60_000;
/** And at most so many: a busy cluster makes more in minutes than a watch needs to come back. */
export const WINDOW_CHANGES = 100_000;
/** And at most so many bytes of versions that nobody else holds, as {@link bytesOf} counts them. */
export const WINDOW_BYTES = 64 * 1024 * 1024;
/** What is kept of a change beside the version before it. */
const CHANGE_BYTES = 256;

interface Kept extends Rewind {
  /** Undefined where no object changed: an event that does not count, or a stream that was forgotten. */
  readonly change: Change | undefined;
  /** When it was folded, on the monotonic clock. */
  readonly at: number;
  /** What the window alone keeps in memory: the parts of the version before that the one after does not share. */
  readonly bytes: number;
}
type KeptChange = Kept & { readonly change: Change };

export interface ChangeSubscription {
  cancel(): void;
}
/** What a subscriber hears of: the changes of a kind, or those in one namespace. */
export interface ChangeScope {
  readonly kind: KindId;
  readonly namespace?: string;
}
interface Subscriber {
  readonly onChanges: (changes: readonly Change[], progress: number) => void;
  pending: Change[];
}

/** The last minutes of changes, in order: watches resume from it, and views of the recent past are rewound with it. */
export class ChangeWindow {
  private kept: Kept[] = [];
  private dropped = 0;
  /** Changes at or before this position are not here any more. */
  private oldest = 0;
  private readonly byKind = new Map<KindId, KeptChange[]>();
  private readonly subscribers = new Map<string, Set<Subscriber>>();
  private readonly waiting = new Set<Subscriber>();
  private bytesKept = 0;
  /** Of changes that are dropped, and still in the list. */
  private bytesDropped = 0;

  constructor(
    private readonly projection: Projection,
    private readonly bytesMax = WINDOW_BYTES,
  ) {
    projection.recentlyGone = () => this.gone();
  }

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

  /**
   * Takes in the last event that the projection has applied: what changed, if anything did, and what was forgotten by it.
   * `before` is the state of the stream before the event, `at` the moment of its folding on the monotonic clock.
   */
  add(change: Change | undefined, { stream, before, at }: Pick<Kept, 'stream' | 'before' | 'at'>): void {
    const { position, forgotten } = this.projection;
    if (!change) {
      // The revision of the stream has moved all the same.
      this.keep({ position, change, stream, before, at, bytes: CHANGE_BYTES, counted: undefined });
    } else {
      const bytes = CHANGE_BYTES + bytesReplaced(change.before, change.after);
      const kept = { position, change, stream, before, at, bytes, counted: this.countedBefore(change) };
      this.keep(kept);
      const list = this.byKind.get(change.kind);
      if (list) list.push(kept);
      else this.byKind.set(change.kind, [kept]);
      const namespace = (change.after ?? change.before)?.metadata.namespace;
      this.tell({ kind: change.kind }, change);
      if (namespace !== undefined) this.tell({ kind: change.kind, namespace }, change);
    }
    for (const { stream, state, children } of forgotten) {
      const counted = { owner: state.ended.uid, children };
      this.keep({ position, change: undefined, stream, before: state, at, bytes: CHANGE_BYTES, counted });
    }
  }
  private tell(scope: ChangeScope, change: Change): void {
    for (const subscriber of this.subscribers.get(keyOf(scope)) ?? []) {
      subscriber.pending.push(change);
      this.waiting.add(subscriber);
    }
  }
  private keep(kept: Kept): void {
    this.kept.push(kept);
    this.bytesKept += kept.bytes;
  }
  /** The owner that a change has given a child, with how many it had before. */
  private countedBefore({ before, after }: Change): Kept['counted'] {
    const owner = after && newOwner(before, after);
    if (owner === undefined) return undefined;
    const forgotten = this.projection.forgotten.find(({ state }) => state.ended.uid === owner);
    const children = forgotten?.children ?? this.projection.childrenEver(owner);
    return { owner, children: Math.max(0, children - 1) };
  }
  /** Uids of objects that went, or were replaced, within the window. */
  private *gone(): IterableIterator<string> {
    for (let i = this.dropped; i < this.kept.length; i++) {
      const { change } = this.kept[i] as Kept;
      const uid = change?.before?.metadata.uid;
      if (uid !== undefined && uid !== change?.after?.metadata.uid) yield uid;
    }
  }

  /** Shows some versions of objects in another form from now on. */
  redact(isMeant: (version: KubeObject) => boolean, redacted: (object: KubeObject) => KubeObject): void {
    const shown = (object: KubeObject): KubeObject => (isMeant(object) ? redacted(object) : object);
    const replaced = new Map<Kept, KeptChange>();
    this.kept.forEach((kept, i) => {
      if (!kept.change) return;
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
      const { position, bytes } = this.kept[this.dropped] as Kept;
      this.oldest = position;
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
      const first = list.findIndex(({ position }) => position > this.oldest);
      if (first === -1) this.byKind.delete(kind);
      else if (first > 0) this.byKind.set(kind, list.slice(first));
    }
  }

  /** Changes of a kind after a position, or undefined when they are not all here. */
  since(kind: KindId, after: number): readonly Change[] | undefined {
    return this.keptSince(kind, after)?.map((kept) => kept.change);
  }
  private keptSince(kind: KindId, after: number): readonly KeptChange[] | undefined {
    if (after < this.oldest) return undefined;
    const list = this.byKind.get(kind) ?? [];
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((list[middle] as Kept).position <= after) low = middle + 1;
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

  /**
   * Every later change of a scope, in batches. Those between `after` and now are given at once, in the call. A change costs
   * nothing for the subscribers whose scope it is not in.
   */
  subscribe(scope: ChangeScope, after: number, onChanges: Subscriber['onChanges']): ChangeSubscription | undefined {
    const missed = this.since(scope.kind, after)?.filter((change) => isIn(scope, change));
    if (missed === undefined) return undefined;
    const subscriber: Subscriber = { onChanges, pending: [] };
    const key = keyOf(scope);
    // What others have pending but not flushed is in `missed` already, so this one starts with an empty list.
    const subscribers = this.subscribers.get(key) ?? new Set();
    this.subscribers.set(key, subscribers.add(subscriber));
    if (missed.length > 0) onChanges(missed, this.projection.position);
    return {
      cancel: () => {
        subscribers.delete(subscriber);
        if (subscribers.size === 0 && this.subscribers.get(key) === subscribers) this.subscribers.delete(key);
        this.waiting.delete(subscriber);
      },
    };
  }

  /** The cluster as it was at a position inside the window, or undefined when that is too long ago. */
  viewAt(position: number): View | undefined {
    if (position < this.oldest || position > this.projection.position) return undefined;
    return new RewoundView(this.projection, position, () => ({
      events: this.kept,
      first: this.dropped,
      after: this.oldest,
    }));
  }
}

function keyOf({ kind, namespace }: ChangeScope): string {
  return namespace === undefined ? kind : `${kind}/${namespace}`;
}
function isIn({ namespace }: ChangeScope, { before, after }: Change): boolean {
  return namespace === undefined || (after ?? before)?.metadata.namespace === namespace;
}
