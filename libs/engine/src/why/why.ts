import type { FieldChange, KubeObject, StoredEvent } from '#model';
import {
  CREATED,
  DELETED,
  INCIDENT_RECORDED,
  isPartOf,
  METADATA_CHANGED,
  parseStream,
  STATUS_REPORTED,
  valueAt,
} from '#model';
import { jsonEquals, type Json } from '#std';
import type { ObjectHistory, PastEvent } from './object-history.js';

/** One step of an answer to `why`: an event, and what came before it. */
export interface WhyStep {
  readonly event: StoredEvent;
  /** Of the first step: what it changed. */
  readonly changes: readonly FieldChange[];
  /** Causes that are not followed. */
  readonly others: readonly number[];
}
export interface Why {
  /** The newest first: each is because of the next. */
  readonly steps: readonly WhyStep[];
  /** What the last step is. */
  readonly end: 'request' | 'measurement' | 'report' | 'start' | 'hidden' | 'unknown';
}

const STEPS_MAX = 32;
const EVENTS_LOOKED_AT = 500;
/** Types that say how something is, not what somebody wants. */
const WEAK: readonly string[] = [STATUS_REPORTED, METADATA_CHANGED, INCIDENT_RECORDED];

/**
 * Why an object, or a field of it, is as it is, or why the object is gone: the event that made it so, and the chain of its causes.
 * Undefined when no event did. `maySee` says whether the one who asks may know of a stream.
 */
export async function whyOf(
  history: ObjectHistory,
  { stream, field, until, length, maySee }: WhyAsked,
): Promise<Why | undefined> {
  const { events } = await history.of(stream, { limit: EVENTS_LOOKED_AT, before: length, until });
  const first = field === undefined ? decisive(events) : events.findLast((one) => touches(one, field));
  if (first === undefined) return undefined;
  const related = relatedTo(events.findLast(({ object }) => object)?.object, stream);
  const steps: WhyStep[] = [];
  const seen = new Set<number>();
  let event: StoredEvent | undefined = first.event;
  while (event !== undefined && steps.length < STEPS_MAX) {
    seen.add(event.position);
    const causes: readonly number[] = (event.metadata.causes ?? []).filter((position) => !seen.has(position));
    const next: StoredEvent | undefined = await causeOf(history, causes, [...related, event.stream]);
    const others = causes.filter((position) => position !== next?.position);
    // A report that leads from one event of a stream to an earlier one of it says nothing by itself.
    const isBetween = steps.at(-1)?.event.stream === event.stream && next?.stream === event.stream;
    const isLeftOut = isBetween && WEAK.includes(event.type);
    if (!isLeftOut) steps.push({ event, changes: steps.length === 0 ? changesFor(first, field) : [], others });
    if (next !== undefined && !maySee(next.stream)) return { steps, end: 'hidden' };
    event = next;
  }
  return { steps, end: endOf((steps.at(-1) as WhyStep).event) };
}

export interface WhyAsked {
  readonly stream: string;
  /** As `fieldName` writes it. */
  readonly field: string | undefined;
  /** Position; nothing after it is seen. */
  readonly until: number;
  /** How many events the stream has, if that is known. */
  readonly length: number | undefined;
  readonly maySee: (stream: string) => boolean;
}

/** Of an object that is gone its end; else the newest event that says what somebody wants of it. */
function decisive(events: readonly PastEvent[]): PastEvent | undefined {
  const last = events.at(-1);
  if (last?.event.type === DELETED) return last;
  return events.findLast(({ event }) => !WEAK.includes(event.type)) ?? last;
}

function changesFor({ changes }: PastEvent, field: string | undefined): readonly FieldChange[] {
  if (field === undefined) return [];
  return changes.filter((change) => isAbout(change, field));
}

function touches({ event, changes, object }: PastEvent, field: string): boolean {
  if (event.type === CREATED) return valueAt(object as unknown as Json, field) !== undefined;
  return changes.some((change) => isAbout(change, field));
}
/** Whether it changed the field, a part of it, or something that the field is in and that had it before or has it now. */
function isAbout({ field: changed, before, after }: FieldChange, field: string): boolean {
  if (isPartOf(changed, field)) return true;
  if (!isPartOf(field, changed)) return false;
  const inside = field.slice(changed.length);
  return !jsonEquals(valueAt(before, inside), valueAt(after, inside));
}

/** Streams of the object and of those that own it. */
function relatedTo(object: KubeObject | undefined, stream: string): readonly string[] {
  const { namespace } = parseStream(stream);
  const names = (object?.metadata.ownerReferences ?? []).map(({ name }) => `/${namespace ?? '_'}/${name}`);
  return [stream, ...names];
}

/**
 * Of all that made a loop look, the one that says most: what somebody wants before how something is, of the object or its
 * owners before others, the newest.
 */
async function causeOf(
  history: ObjectHistory,
  causes: readonly number[],
  related: readonly string[],
): Promise<StoredEvent | undefined> {
  let best: { readonly event: StoredEvent; readonly rank: number } | undefined;
  for (const position of causes) {
    const event = await history.at(position);
    if (event === undefined) continue;
    const isRelated = related.some(
      (one) => event.stream === one || (one.startsWith('/') && event.stream.endsWith(one)),
    );
    const rank = (WEAK.includes(event.type) ? 0 : 2) + (isRelated ? 1 : 0);
    if (best === undefined || rank >= best.rank) best = { event, rank };
  }
  return best?.event;
}

function endOf({ metadata }: StoredEvent): Why['end'] {
  if (metadata.request !== undefined) return 'request';
  if (metadata.basis?.facts !== undefined) return 'measurement';
  if (metadata.basis !== undefined) return 'start';
  return metadata.because !== undefined ? 'report' : 'unknown';
}
