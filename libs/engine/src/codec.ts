import type { ChangedData, CreatedData, Fact, KindRegistry, KubeObject, NewEvent, Path, Upcaster } from '#model';
import { kindOfStream, STANDARD_EVENTS } from '#model';
import type { Keys } from '#ports';
import type { Json, JsonObject } from '#std';
import { Fault, isJsonObject } from '#std';

/**
 * Turns events into what the log stores and back: values of sealed kinds (Secrets) are ciphertext from the first event on,
 * and what older builds wrote is read as what this one writes.
 */
export interface EventCodec {
  /** Throws {@link UnknownEvent}: what could not be read later is not written. */
  encode(stream: string, event: NewEvent): NewEvent;
  /** Throws {@link UnknownEvent}. */
  decode<Event extends Fact>(event: Event): Event;
  /** Whether objects of a kind have sealed values. */
  isSealed(kind: string): boolean;
  /** The object that was folded from events whose values were still sealed, opened; without the key, as if shredded. */
  openObject(sealed: KubeObject): KubeObject;
}

/** Shiplog's own facts are in streams of this kind. */
export const WRITERS = 'shiplog.writers';
export const WRITER_ELECTED = 'WriterElected';

const SEALED = '$sealed';
/** Stands for a key that an event removed from a map whose other keys are sealed as a whole. No key of a map has this name. */
const REMOVED = '$removed';
export const SHREDDED = 'shiplog.io/shredded';

export function eventCodec(kinds: KindRegistry, keys: Pick<Keys, 'seal' | 'open'>): EventCodec {
  const forms = formsOf(kinds);
  // A rebuild asks for the events of one stream after the other.
  let recent: { readonly stream: string; readonly form: Form | undefined } = { stream: '', form: undefined };
  const formOf = (stream: string): Form | undefined => {
    if (recent.stream !== stream) recent = { stream, form: forms.get(kindOfStream(stream)) };
    return recent.form;
  };
  const { encodeObject, decodeObject, encodeSet, decodeSet } = sealing(keys);
  return {
    encode(stream, event) {
      if (!knownForm(formOf(stream), stream, event).sealed) return event;
      return { ...event, data: eachPart(event.data, encodeObject, encodeSet) };
    },
    decode(event) {
      const form = knownForm(formOf(event.stream), event.stream, event);
      if (!form.sealed) return lifted(event, form);
      const opened = lifted({ ...event, data: eachPart(event.data, decodeObject, decodeSet) }, form);
      return { ...opened, sealedData: foldable(lifted(event, form).data) };
    },
    isSealed: (kind) => forms.get(kind)?.sealed === true,
    openObject: decodeObject,
  };
}

/** Data whose values are sealed, in a form that folds like the opened data: a key that is removed is a value that says so. */
function foldable(data: JsonObject): JsonObject {
  const { set = [], unset = [] } = data as unknown as Partial<ChangedData>;
  const removed = unset.filter(isSecretKey);
  if (removed.length === 0) return data;
  return {
    ...data,
    unset: unset.filter((path) => !isSecretKey(path)) as unknown as Json,
    set: [...set, ...removed.map((path) => [path, { [REMOVED]: true }] as const)] as unknown as Json,
  };
}

type Setting = readonly [Path, Json];

/** An event's data with whatever says what the object is, or a part of it, in another form. */
function eachPart(
  data: JsonObject,
  object: (object: KubeObject) => KubeObject,
  set: (uid: string, set: readonly Setting[]) => readonly Setting[],
): JsonObject {
  const parts = data as unknown as Partial<CreatedData & ChangedData>;
  return {
    ...data,
    ...(parts.object && { object: object(parts.object) as unknown as Json }),
    ...(parts.snapshot && { snapshot: object(parts.snapshot) as unknown as Json }),
    ...(parts.set && parts.uid && { set: set(parts.uid, parts.set) as unknown as Json }),
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
    const data = openMap(source.data, (value) => open(uid, value));
    const annotations = openMap(object.metadata.annotations as Json | undefined, (value) => open(uid, value));
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
  const encodeSet = (uid: string, set: readonly Setting[]): Setting[] =>
    set.map(([path, value]) => [path, isSecret(path) ? seal(uid, value) : value] as const);
  const decodeSet = (uid: string, set: readonly Setting[]): Setting[] => {
    const clear: Setting[] = [];
    for (const [path, value] of set) {
      const opened = open(uid, value);
      if (opened.is === 'clear') clear.push([path, opened.value]);
    }
    return clear;
  };
  return { encodeObject, decodeObject, encodeSet, decodeSet };
}

/** Opens a map that was sealed as a whole, with the keys that later events set or removed one by one. */
function openMap(map: Json | undefined, open: (value: Json | undefined) => Opened): Opened {
  if (!isJsonObject(map)) return open(map);
  const { [SEALED]: whole, ...changed } = map;
  const keys = Object.keys(changed);
  if (keys.length === 0) return open(map);
  const base: Opened = whole === undefined ? { is: 'clear', value: {} } : open({ [SEALED]: whole });
  if (base.is === 'shredded') return base;
  const values = new Map(isJsonObject(base.value) ? Object.entries(base.value) : []);
  for (const key of keys) {
    const value = changed[key];
    if (isJsonObject(value) && value[REMOVED] !== undefined) {
      values.delete(key);
      continue;
    }
    const opened = open(value);
    if (opened.is === 'shredded') return opened;
    values.set(key, opened.value);
  }
  return { is: 'clear', value: Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1))) as Json };
}

type Opened = { readonly is: 'clear'; readonly value: Json } | { readonly is: 'shredded' };
type Annotations = { readonly [key: string]: string };

/** Everything under `data`, `stringData` and `metadata.annotations`. */
function isSecret(path: Path): boolean {
  return path[0] === 'data' || path[0] === 'stringData' || (path[0] === 'metadata' && path[1] === 'annotations');
}

/** A key of a sealed map. */
function isSecretKey(path: Path): boolean {
  return isSecret(path) && path.length === (path[0] === 'metadata' ? 3 : 2);
}

/** What the codec has to know of a kind. */
interface Form {
  readonly sealed: boolean;
  readonly events: ReadonlySet<string>;
  readonly upcasters: readonly Upcaster[];
}

function formsOf(kinds: KindRegistry): ReadonlyMap<string, Form> {
  const forms = new Map<string, Form>();
  for (const { id, sealed, events, upcasters } of kinds.all)
    forms.set(id, { sealed, events: new Set([...STANDARD_EVENTS, ...events]), upcasters });
  return forms.set(WRITERS, { sealed: false, events: new Set([WRITER_ELECTED]), upcasters: [] });
}

function knownForm(
  form: Form | undefined,
  stream: string,
  event: Pick<Fact, 'type' | 'metadata'> & Partial<Pick<Fact, 'position'>>,
): Form {
  const { schemaVersion } = event.metadata;
  if (form?.events.has(event.type) && schemaVersion >= 1 && schemaVersion <= form.upcasters.length + 1) return form;
  throw new UnknownEvent(stream, event);
}

function lifted<Event extends Fact>(event: Event, { upcasters }: Form): Event {
  const { schemaVersion } = event.metadata;
  if (schemaVersion > upcasters.length) return event;
  // An upcaster need not know of snapshots: the events before it are there too.
  const { snapshot: _snapshot, ...rest } = event.data;
  let { type, data }: Pick<Fact, 'type' | 'data'> = { type: event.type, data: rest };
  for (const upcaster of upcasters.slice(schemaVersion - 1)) ({ type, data } = upcaster({ type, data }));
  return { ...event, type, data, metadata: { ...event.metadata, schemaVersion: upcasters.length + 1 } };
}

/** An event that this build cannot read. Going on without it would show a cluster that never was. */
export class UnknownEvent extends Fault {
  override readonly name = 'UnknownEvent';
  constructor(
    stream: string,
    { type, metadata, position }: Pick<Fact, 'type' | 'metadata'> & Partial<Pick<Fact, 'position'>>,
  ) {
    const where = position === undefined ? stream : `${stream} at position ${position}`;
    super(
      `The event log holds an event that this build of Shiplog does not know: "${type}" of schema version ` +
        `${metadata.schemaVersion}, of ${where}. Start the newer build that wrote it.`,
      false,
    );
  }
}
