import type { ChangedData, CreatedData, Fact, Kind, KubeObject, NewEvent, Path, Upcaster } from '#model';
import { DEFINED_IN_LOG, kindOfStream, STANDARD_EVENTS } from '#model';
import type { Keys } from '#ports';
import type { Json, JsonObject } from '#std';
import { Fault } from '#std';
import { isSealedKey, REMOVED, sealedPaths, Sealing, type Setting } from './sealing.js';
import { CHECKPOINT_MADE, WRITER_ELECTED, WRITERS } from './own-streams.js';

/**
 * Turns events into what the log stores and back: values at the paths that an event records as sealed are ciphertext from
 * the first event on, and what older builds wrote is read as what this one writes.
 */
export interface EventCodec {
  /**
   * `revision` is the one that the event will have. Throws {@link UnknownEvent}: what could not be read later is not written.
   */
  encode(stream: string, event: NewEvent, revision: number): NewEvent;
  /** Throws {@link UnknownEvent}. */
  decode<Event extends Fact>(event: Event): Event;
  /** The object that was folded from events whose values were still sealed, opened; without the key, as if shredded. */
  openObject(sealed: KubeObject, paths: readonly Path[]): KubeObject;
}

/** What the codec needs of the kinds that this build defines: the history of their events. */
export interface BuiltIn {
  readonly all: readonly Pick<Kind, 'id' | 'events' | 'upcasters'>[];
}

/**
 * `builtIn` says which events and schema versions this build knows. Objects of all other kinds are defined in the log itself:
 * their events are standard ones of {@link DEFINED_IN_LOG}, and fold before, after and without their definition.
 */
export function eventCodec(builtIn: BuiltIn, keys: Pick<Keys, 'seal' | 'open'>): EventCodec {
  const forms = formsOf(builtIn);
  // A rebuild asks for the events of one stream after the other.
  let recent: { readonly stream: string; readonly form: Form } = { stream: '', form: DEFINED };
  const formOf = (stream: string): Form => {
    if (recent.stream !== stream) recent = { stream, form: forms.get(kindOfStream(stream)) ?? DEFINED };
    return recent.form;
  };
  const sealing = new Sealing(keys);
  return {
    encode(stream, event, version) {
      const paths = sealedPaths(lifted(event, knownForm(formOf(stream), stream, event)).data);
      if (paths.length === 0) return event;
      return {
        ...event,
        data: eachPart(
          event.data,
          (object) => sealing.seal(object, version, paths),
          (uid, set) => sealing.sealSet({ uid, version }, set, paths),
        ),
      };
    },
    decode(event) {
      const form = knownForm(formOf(event.stream), event.stream, event);
      const stored = lifted(event, form);
      const paths = sealedPaths(stored.data);
      if (paths.length === 0) return stored;
      const seen = { isShredded: false };
      const shown = <T>(opened: { readonly value: T; readonly isShredded: boolean }): T => {
        seen.isShredded ||= opened.isShredded;
        return opened.value;
      };
      const data = eachPart(
        event.data,
        (object) => shown(sealing.open(object, paths)),
        (uid, set) => shown(sealing.openSet(uid, set, paths)),
      );
      return {
        // An upcaster sees the values in clear.
        ...lifted({ ...event, data }, form),
        // Which keys there are shows what is folded of the sealed values alone.
        sealedData: foldable(stored.data, paths),
        ...(seen.isShredded && {
          reopen: (sealed: KubeObject, all: readonly Path[]) => sealing.open(sealed, all).value,
        }),
      };
    },
    openObject: (sealed, paths) => sealing.open(sealed, paths).value,
  };
}

/** Data whose values are sealed, in a form that folds like the opened data: a key that is removed is a value that says so. */
function foldable(data: JsonObject, paths: readonly Path[]): JsonObject {
  const { set = [], unset = [] } = data as unknown as Partial<ChangedData>;
  const removed = unset.filter((path) => isSealedKey(path, paths));
  if (removed.length === 0) return data;
  return {
    ...data,
    unset: unset.filter((path) => !isSealedKey(path, paths)) as unknown as Json,
    set: [...set, ...removed.map((path) => [path, { [REMOVED]: true }] as const)] as unknown as Json,
  };
}

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

/** Which events of a kind this build knows. */
interface Form {
  readonly events: ReadonlySet<string>;
  /** The schema version of the first events of the kind. */
  readonly first: number;
  readonly upcasters: readonly Upcaster[];
}

const DEFINED: Form = { events: new Set(STANDARD_EVENTS), first: DEFINED_IN_LOG, upcasters: [] };

function formsOf(builtIn: BuiltIn): ReadonlyMap<string, Form> {
  const forms = new Map<string, Form>();
  for (const { id, events, upcasters } of builtIn.all)
    forms.set(id, { events: new Set([...STANDARD_EVENTS, ...events]), first: 1, upcasters });
  return forms.set(WRITERS, { events: new Set([WRITER_ELECTED, CHECKPOINT_MADE]), first: 1, upcasters: [] });
}

function knownForm(
  form: Form,
  stream: string,
  event: Pick<Fact, 'type' | 'metadata'> & Partial<Pick<Fact, 'position'>>,
): Form {
  const { schemaVersion } = event.metadata;
  const { events, first, upcasters } = form;
  if (events.has(event.type) && schemaVersion >= first && schemaVersion <= first + upcasters.length) return form;
  throw new UnknownEvent(stream, event);
}

function lifted<Event extends Pick<Fact, 'type' | 'data' | 'metadata'>>(event: Event, { upcasters }: Form): Event {
  const { schemaVersion } = event.metadata;
  if (schemaVersion > upcasters.length || upcasters.length === 0) return event;
  const due = upcasters.slice(schemaVersion - 1);
  // An upcaster need not know of snapshots: the events before it are there too.
  const { snapshot: _snapshot, ...rest } = event.data;
  const keepsSnapshot = due.every((upcaster) => upcaster.keepsSnapshot);
  let { type, data }: Pick<Fact, 'type' | 'data'> = { type: event.type, data: keepsSnapshot ? event.data : rest };
  for (const upcaster of due) ({ type, data } = upcaster({ type, data }));
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
