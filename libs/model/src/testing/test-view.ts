import type { JsonObject } from '#std';
import { CREATED, type EventMetadata, type StoredEvent } from '../event.js';
import type { KindRegistry } from '../kind.js';
import { kindOfStream, streamOf, type KindId, type KindRef, type KubeObject } from '../kube-object.js';
import type { ObjectIndex } from '../object-index.js';
import { foldEvent } from '../standard-kind/index.js';
import type { StreamState, View } from '../view.js';

const NO_KINDS: KindRegistry = {
  all: [],
  at: () => NO_KINDS,
  byId: () => undefined,
  byResource: () => undefined,
  byKind: () => undefined,
};

/** The cluster of a test: a {@link View} that events are appended to. Small and plain; the engine has the fast one. */
export class TestView implements View {
  position = 0;
  readonly events: StoredEvent[] = [];
  private readonly streams = new Map<string, StreamState>();
  private readonly streamsOfKind = new Map<KindId, Set<string>>();
  /** What is asked for once is asked for again before the next change: kept until then, by kind; undefined is all kinds. */
  private readonly lists = new Map<KindId | undefined, readonly KubeObject[]>();
  private readonly lookups = new WeakMap<object, Lookup>();
  private readonly children = new Map<string, number>();

  constructor(private readonly registry: KindRegistry = NO_KINDS) {}

  /** Appends an event to a stream and folds it. */
  append(stream: string, type: string, data: JsonObject, options: AppendOptions = {}): StoredEvent {
    const before = this.streams.get(stream);
    const event: StoredEvent = {
      id: `${stream}@${before ? before.revision + 1 : 0}`,
      type,
      stream,
      revision: before ? before.revision + 1 : 0,
      position: ++this.position,
      time: options.time ?? '2026-01-01T00:00:00.000Z',
      data,
      metadata: { epoch: 1, actor: 'test', via: 'test', correlationId: 'test', schemaVersion: 1, ...options.metadata },
    };
    this.fold(event);
    return event;
  }
  fold(event: StoredEvent): void {
    this.position = Math.max(this.position, event.position);
    const before = this.streams.get(event.stream);
    const state = foldEvent(before, event);
    this.streams.set(event.stream, state);
    if (!before) this.open(event.stream);
    this.lists.delete(kindOfStream(event.stream));
    this.lists.delete(undefined);
    this.events.push(event);
    const { uid, ownerReferences = [] } = state.object?.metadata ?? {};
    const owner = ownerReferences.find(({ controller }) => controller);
    if (owner && before?.object?.metadata.uid !== uid)
      this.children.set(owner.uid, (this.children.get(owner.uid) ?? 0) + 1);
  }
  /** Puts an object where its kind and name say, as if just created. */
  put(object: KubeObject): void {
    const stream = this.streamFor(object);
    const born = {
      ...object,
      metadata: { ...object.metadata, uid: (object.metadata.uid as string | undefined) ?? stream },
    };
    this.append(stream, CREATED, { object: born } as unknown as JsonObject);
  }
  private streamFor(object: KubeObject): string {
    const [group, version] = object.apiVersion.includes('/')
      ? (object.apiVersion.split('/') as [string, string])
      : ['', object.apiVersion];
    const id =
      this.registry.at(this).byKind(group, version, object.kind)?.id ?? `${group || 'core'}.${plural(object.kind)}`;
    return streamOf(id, object.metadata.namespace, object.metadata.name);
  }

  get<T extends KubeObject>(kind: KindRef<T>, namespace: string | undefined, name: string): T | undefined {
    return this.streams.get(streamOf(kind.id, namespace, name))?.object as T | undefined;
  }
  list<T extends KubeObject>(kind: KindRef<T>, namespace?: string): readonly T[] {
    const all = this.living(kind.id) as readonly T[];
    return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
  }
  stream(stream: string): StreamState | undefined {
    return this.streams.get(stream);
  }
  by<T extends KubeObject>(index: ObjectIndex<T>, value: string): readonly T[] {
    const objects = this.living(index.kind?.id) as readonly T[];
    let lookup = this.lookups.get(index);
    if (lookup?.of !== objects) {
      lookup = { of: objects, found: groupedBy(objects, (object) => index.values(object)) };
      this.lookups.set(index, lookup);
    }
    return (lookup.found.get(value) ?? []) as readonly T[];
  }
  childrenEver(ownerUid: string): number {
    return this.children.get(ownerUid) ?? 0;
  }
  /** In the order of their streams' names. */
  private living(kind: KindId | undefined): readonly KubeObject[] {
    const kept = this.lists.get(kind);
    if (kept) return kept;
    const streams = [...(kind === undefined ? this.streams.keys() : (this.streamsOfKind.get(kind) ?? []))].sort();
    const living = streams.flatMap((stream) => this.streams.get(stream)?.object ?? []);
    this.lists.set(kind, living);
    return living;
  }
  private open(stream: string): void {
    const kind = kindOfStream(stream);
    const streams = this.streamsOfKind.get(kind);
    if (streams) streams.add(stream);
    else this.streamsOfKind.set(kind, new Set([stream]));
  }
}
interface Lookup {
  readonly of: readonly KubeObject[];
  readonly found: ReadonlyMap<string, readonly KubeObject[]>;
}
interface AppendOptions {
  readonly time?: string;
  readonly metadata?: Partial<EventMetadata>;
}

function groupedBy<T>(
  objects: readonly T[],
  valuesOf: (object: T) => readonly string[],
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const object of objects) {
    for (const value of new Set(valuesOf(object))) {
      const group = groups.get(value);
      if (group) group.push(object);
      else groups.set(value, [object]);
    }
  }
  return groups;
}

/** Good enough for the kinds that tests use without a registry. */
function plural(kind: string): string {
  const lower = kind.toLowerCase();
  if (lower.endsWith('s')) return `${lower}es`;
  return lower.endsWith('y') ? `${lower.slice(0, -1)}ies` : `${lower}s`;
}
