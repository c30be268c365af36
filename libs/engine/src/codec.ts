import type { ChangedData, CreatedData, Fact, KindRegistry, KubeObject, NewEvent, Upcaster } from '#model';
import { kindOfStream, STANDARD_EVENTS } from '#model';
import type { Keys } from '#ports';
import type { Json, JsonObject } from '#std';
import { Fault } from '#std';
import { isSecretKey, REMOVED, Sealing, type Setting } from './sealing.js';
import { CHECKPOINT_MADE, WRITER_ELECTED, WRITERS } from './own-streams.js';

/**
 * Turns events into what the log stores and back: values of sealed kinds (Secrets) are ciphertext from the first event on,
 * and what older builds wrote is read as what this one writes.
 */
export interface EventCodec {
  /**
   * `revision` is the one that the event will have. Throws {@link UnknownEvent}: what could not be read later is not written.
   */
  encode(stream: string, event: NewEvent, revision: number): NewEvent;
  /** Throws {@link UnknownEvent}. */
  decode<Event extends Fact>(event: Event): Event;
  /** Whether objects of a kind have sealed values. */
  isSealed(kind: string): boolean;
  /** The object that was folded from events whose values were still sealed, opened; without the key, as if shredded. */
  openObject(sealed: KubeObject): KubeObject;
}

export function eventCodec(kinds: KindRegistry, keys: Pick<Keys, 'seal' | 'open'>): EventCodec {
  const forms = formsOf(kinds);
  // A rebuild asks for the events of one stream after the other.
  let recent: { readonly stream: string; readonly form: Form | undefined } = { stream: '', form: undefined };
  const formOf = (stream: string): Form | undefined => {
    if (recent.stream !== stream) recent = { stream, form: forms.get(kindOfStream(stream)) };
    return recent.form;
  };
  const sealing = new Sealing(keys);
  return {
    encode(stream, event, version) {
      if (!knownForm(formOf(stream), stream, event).sealed) return event;
      return {
        ...event,
        data: eachPart(
          event.data,
          (object) => sealing.seal(object, version),
          (uid, set) => sealing.sealSet({ uid, version }, set),
        ),
      };
    },
    decode(event) {
      const form = knownForm(formOf(event.stream), event.stream, event);
      if (!form.sealed) return lifted(event, form);
      const seen = { isShredded: false };
      const open = (object: KubeObject): KubeObject => {
        const opened = sealing.open(object);
        seen.isShredded ||= opened.isShredded;
        return opened.value;
      };
      const openSet = (uid: string, set: readonly Setting[]): readonly Setting[] => {
        const opened = sealing.openSet(uid, set);
        seen.isShredded ||= opened.isShredded;
        return opened.value;
      };
      const opened = lifted({ ...event, data: eachPart(event.data, open, openSet) }, form);
      const sealedData = foldable(lifted(event, form).data);
      // Which keys there are shows what is folded of the sealed values alone.
      return {
        ...opened,
        sealedData,
        ...(seen.isShredded && { reopen: (sealed: KubeObject) => sealing.open(sealed).value }),
      };
    },
    isSealed: (kind) => forms.get(kind)?.sealed === true,
    openObject: (sealed) => sealing.open(sealed).value,
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
  return forms.set(WRITERS, { sealed: false, events: new Set([WRITER_ELECTED, CHECKPOINT_MADE]), upcasters: [] });
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
