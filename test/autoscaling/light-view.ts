import {
  kindOfStream,
  streamOf,
  type KindRef,
  type KubeObject,
  type ObjectIndex,
  type StreamState,
  type View,
} from '#model';

/** A view for very many looks: objects are put as they are, no event is made of them. */
export class LightView implements View {
  position = 0;
  private readonly kinds = new Map<string, Map<string, StreamState>>();

  put(kind: KindRef, object: KubeObject): void {
    const stream = streamOf(kind.id, object.metadata.namespace, object.metadata.name);
    const streams = this.streamsOf(kind.id);
    this.position++;
    const revision = (streams.get(stream)?.revision ?? -1) + 1;
    streams.set(stream, { revision, position: this.position, object });
  }
  /** Of no object of the kind anything is known. */
  clear(kind: KindRef): void {
    this.kinds.delete(kind.id);
  }

  get<T extends KubeObject>(kind: KindRef<T>, namespace: string | undefined, name: string): T | undefined {
    return this.stream(streamOf(kind.id, namespace, name))?.object as T | undefined;
  }
  list<T extends KubeObject>(kind: KindRef<T>, namespace?: string): readonly T[] {
    const all = this.objectsOf(kind.id) as readonly T[];
    return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
  }
  stream(stream: string): StreamState | undefined {
    return this.kinds.get(kindOfStream(stream))?.get(stream);
  }
  by<T extends KubeObject>(index: ObjectIndex<T>, value: string): readonly T[] {
    const kinds = index.kind ? [index.kind.id] : [...this.kinds.keys()];
    const all = kinds.flatMap((kind) => this.objectsOf(kind)) as readonly KubeObject[] as readonly T[];
    return all.filter((object) => index.values(object).includes(value));
  }
  childrenEver(): number {
    return 0;
  }

  private streamsOf(kind: string): Map<string, StreamState> {
    const known = this.kinds.get(kind) ?? new Map<string, StreamState>();
    this.kinds.set(kind, known);
    return known;
  }
  private objectsOf(kind: string): readonly KubeObject[] {
    return [...this.streamsOf(kind).values()].flatMap(({ object }) => (object ? [object] : []));
  }
}
