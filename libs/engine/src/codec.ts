import type { ChangedData, CreatedData, Fact, KindRegistry, KubeObject, NewEvent, Path } from '#model';
import { kindOfStream } from '#model';
import type { Keys } from '#ports';
import type { Json, JsonObject } from '#std';
import { isJsonObject } from '#std';

/** Turns events into what the log stores and back: values of sealed kinds (Secrets) are ciphertext from the first event on. */
export interface EventCodec {
  encode(stream: string, event: NewEvent): NewEvent;
  decode<Event extends Fact>(event: Event): Event;
  /** An object as it may be written to a checkpoint, and back. */
  encodeObject(kind: string, object: KubeObject): KubeObject;
  decodeObject(kind: string, object: KubeObject): KubeObject;
}

const SEALED = '$sealed';
export const SHREDDED = 'shiplog.io/shredded';

export function eventCodec(kinds: KindRegistry, keys: Pick<Keys, 'seal' | 'open'>): EventCodec {
  const isSealed = (kind: string): boolean => kinds.byId(kind)?.sealed === true;
  const sealedStreams = kinds.all.filter(({ sealed }) => sealed).map(({ id }) => `${id}/`);
  const { seal, encodeObject, decodeObject, decodeSet } = sealing(keys);
  return {
    encode(stream, event) {
      if (!isSealed(kindOfStream(stream))) return event;
      const data = event.data as unknown as Partial<CreatedData & ChangedData>;
      if (data.object)
        return { ...event, data: { ...event.data, object: encodeObject(data.object) as unknown as Json } };
      if (!data.set || !data.uid) return event;
      const uid = data.uid;
      const set = data.set.map(([path, value]) => [path, isSecret(path) ? seal(uid, value) : value] as const);
      return { ...event, data: { ...event.data, set: set as unknown as Json } };
    },
    decode(event) {
      if (!sealedStreams.some((start) => event.stream.startsWith(start))) return event;
      const data = event.data as unknown as Partial<CreatedData & ChangedData>;
      if (data.object)
        return { ...event, data: { ...event.data, object: decodeObject(data.object) as unknown as Json } };
      if (!data.set || !data.uid) return event;
      return { ...event, data: { ...event.data, set: decodeSet(data.uid, data.set) as unknown as Json } };
    },
    encodeObject: (kind, object) => (isSealed(kind) ? encodeObject(object) : object),
    decodeObject: (kind, object) => (isSealed(kind) ? decodeObject(object) : object),
  };
}

/** How values of a Secret are sealed and opened, alone and in the places where events and checkpoints carry them. */
function sealing(keys: Pick<Keys, 'seal' | 'open'>) {
  const seal = (uid: string, value: Json | undefined): JsonObject => ({
    [SEALED]: keys.seal(uid, JSON.stringify(value)),
  });
  const open = (uid: string, value: Json | undefined): Opened => {
    if (!isJsonObject(value) || typeof value[SEALED] !== 'string') return { is: 'clear', value: value as Json };
    const clear = keys.open(uid, value[SEALED]);
    return clear === undefined ? { is: 'shredded' } : { is: 'clear', value: JSON.parse(clear) as Json };
  };

  const encodeObject = (object: KubeObject): KubeObject => {
    const uid = object.metadata.uid;
    const source = object as { data?: Json; stringData?: Json };
    return {
      ...object,
      ...(source.data !== undefined && { data: seal(uid, source.data) }),
      ...(source.stringData !== undefined && { stringData: seal(uid, source.stringData) }),
      metadata: {
        ...object.metadata,
        ...(object.metadata.annotations && { annotations: seal(uid, object.metadata.annotations) as Annotations }),
      },
    };
  };
  const decodeObject = (object: KubeObject): KubeObject => {
    const uid = object.metadata.uid;
    const source = object as { data?: Json };
    const data = open(uid, source.data);
    const annotations = open(uid, object.metadata.annotations as Json | undefined);
    if (data.is === 'shredded' || annotations.is === 'shredded') {
      return { ...object, data: {}, metadata: { ...object.metadata, annotations: { [SHREDDED]: 'true' } } };
    }
    return {
      ...object,
      ...(source.data !== undefined && { data: data.value }),
      metadata: {
        ...object.metadata,
        ...(object.metadata.annotations && { annotations: annotations.value as Annotations }),
      },
    };
  };
  const decodeSet = (uid: string, set: NonNullable<ChangedData['set']>): (readonly [Path, Json])[] => {
    const clear: (readonly [Path, Json])[] = [];
    for (const [path, value] of set) {
      const opened = open(uid, value);
      if (opened.is === 'clear') clear.push([path, opened.value]);
    }
    return clear;
  };
  return { seal, encodeObject, decodeObject, decodeSet };
}

type Opened = { readonly is: 'clear'; readonly value: Json } | { readonly is: 'shredded' };
type Annotations = { readonly [key: string]: string };

/** Everything under `data`, `stringData` and `metadata.annotations`. */
function isSecret(path: Path): boolean {
  return path[0] === 'data' || path[0] === 'stringData' || (path[0] === 'metadata' && path[1] === 'annotations');
}
