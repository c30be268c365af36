import type { KindId, KindRef, KubeObject, ObjectIndex, StreamName, StreamState, View } from '#model';
import { parseStream, streamOf } from '#model';
import { assert } from '#std';
import { ObjectIndexes } from './object-indexes.js';
import type { Projection } from './projection.js';

/** What takes one event of the projection back. */
export interface Rewind {
  readonly position: number;
  readonly stream: string;
  /** State of the stream before the event. */
  readonly before: StreamState | undefined;
  /** An owner whose children were counted anew, or not any longer, with their number before the event. */
  readonly counted: { readonly owner: string; readonly children: number } | undefined;
}
/** The events of a window, in the order of their positions. */
export interface Rewinds {
  readonly events: readonly Rewind[];
  /** Index of the first that is still kept. */
  readonly first: number;
  /** Events at or before this position are not kept. */
  readonly after: number;
}

interface Rewound {
  readonly stream: string;
  readonly name: StreamName;
  /** At the position of the view. */
  readonly state: StreamState | undefined;
}

/** A view of the recent past: the present with the events since then taken back. It stays right while the present moves on. */
export class RewoundView implements View {
  /** Streams that have changed since. */
  private readonly rewound = new Map<string, Rewound>();
  private readonly ofKind = new Map<KindId, Rewound[]>();
  private readonly children = new Map<string, number>();
  private readonly indexes = new ObjectIndexes<Rewound>(() => this.living());
  private scannedTo: number;

  constructor(
    private readonly base: Projection,
    readonly position: number,
    private readonly rewinds: () => Rewinds,
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
    const rewound = (this.ofKind.get(kind.id) ?? []).filter(
      ({ name }) => namespace === undefined || (name.namespace ?? '') === namespace,
    );
    if (rewound.length === 0) return present;
    const objects = new Map<string, T>();
    for (const object of present)
      objects.set(streamOf(kind.id, object.metadata.namespace, object.metadata.name), object);
    for (const { stream, state } of rewound) {
      if (state?.object) objects.set(stream, state.object as T);
      else objects.delete(stream);
    }
    return [...objects.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }
  stream(stream: string): StreamState | undefined {
    this.catchUp();
    const rewound = this.rewound.get(stream);
    return rewound ? rewound.state : this.base.stream(stream);
  }
  by<T extends KubeObject>(index: ObjectIndex<T>, value: string): readonly T[] {
    this.catchUp();
    const unchanged = this.base.entriesBy(index, value).filter(({ stream }) => !this.rewound.has(stream));
    const rewound = this.indexes.by(index, value);
    const found = [...unchanged, ...rewound];
    if (unchanged.length > 0 && rewound.length > 0) found.sort((a, b) => (a.stream < b.stream ? -1 : 1));
    return found.map(({ state }) => state?.object as T);
  }
  childrenEver(ownerUid: string): number {
    this.catchUp();
    return this.children.get(ownerUid) ?? this.base.childrenEver(ownerUid);
  }

  private *living(): IterableIterator<readonly [Rewound, KubeObject]> {
    for (const entry of this.rewound.values()) if (entry.state?.object) yield [entry, entry.state.object];
  }

  private catchUp(): void {
    if (this.base.position === this.scannedTo) return;
    const { events, first, after } = this.rewinds();
    // Views are looked at in the turn in which they were asked for, or not much later.
    assert(after <= this.scannedTo, 'a view of the recent past was held until the changes since then were gone');
    for (let i = firstAfter(events, this.scannedTo, first); i < events.length; i++) this.takeBack(events[i] as Rewind);
    this.scannedTo = this.base.position;
  }

  /** The first event after the moment knows what was at the moment. */
  private takeBack({ stream, before, counted }: Rewind): void {
    if (counted && !this.children.has(counted.owner)) this.children.set(counted.owner, counted.children);
    if (this.rewound.has(stream)) return;
    const entry = { stream, name: parseStream(stream), state: before };
    this.rewound.set(stream, entry);
    const list = this.ofKind.get(entry.name.kind);
    if (list) list.push(entry);
    else this.ofKind.set(entry.name.kind, [entry]);
    if (before?.object) this.indexes.update(entry, undefined, before.object);
  }
}

/** Index of the first event after a position, from `low` on. */
function firstAfter(events: readonly Rewind[], position: number, low: number): number {
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle] as Rewind).position <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
