import { isJsonObject, parseInstant, toEventTime, type Instant, type Json } from '#std';
import { elapsedSince, type Moment } from '../shared/index.js';
import type { Target } from './target.js';

/**
 * What an autoscaler has to know of its own past: when it last recommended each size, and which changes it made. It is kept in
 * the log, in an annotation of the object, so a scaler that is started anew knows it, and past decisions can be taken again.
 */
export interface Memory {
  /** The last time at which each size was recommended. */
  readonly recommended: ReadonlyMap<number, Instant>;
  /** The newest recommendation is in force: every look since has given it again. */
  readonly isInForce: boolean;
  /** Changes by policies of a behavior: when, and how many replicas. */
  readonly up: readonly ScaleEvent[];
  readonly down: readonly ScaleEvent[];
  /** A change that is about to be made: it stands here before the target is scaled, and until the status says that it was. */
  readonly intended?: Intended;
}
export interface Intended {
  readonly at: Instant;
  readonly from: number;
  readonly to: number;
  /** Of the target before the change. */
  readonly generation?: number;
}
/** What a target shows of the changes that were made to it. */
export type Sized = Pick<Target, 'replicas' | 'generation'>;
export type ScaleEvent = readonly [at: Instant, replicas: number];

export const SYNC_PERIOD_MS = 15_000;
/** More is not read: a client may write the annotation too. */
const ENTRIES_MAX = 1000;

/** Undefined for an autoscaler that was never looked at. */
export function memoryIn(text: string | undefined): Memory | undefined {
  if (text === undefined) return undefined;
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  return {
    recommended: new Map(entriesIn(value['recommended']).map(([at, size]) => [size, at])),
    isInForce: value['isInForce'] === true,
    up: entriesIn(value['up']),
    down: entriesIn(value['down']),
    ...intendedIn(value['intended']),
  };
}
function intendedIn(value: Json | undefined): Pick<Memory, 'intended'> {
  if (!Array.isArray(value)) return {};
  const [entry] = entriesIn([value]);
  const [, , from, generation] = value as readonly Json[];
  if (!entry || !Number.isSafeInteger(from)) return {};
  const [at, to] = entry;
  return { intended: { at, from: Number(from), to, ...(typeof generation === 'number' && { generation }) } };
}
/** Pairs of a time and a number. */
function entriesIn(value: Json | undefined): readonly ScaleEvent[] {
  if (!Array.isArray(value)) return [];
  return (value as readonly Json[]).slice(0, ENTRIES_MAX).flatMap((pair) => {
    if (!Array.isArray(pair)) return [];
    const [time, number] = pair as readonly Json[];
    const at = typeof time === 'string' ? parseInstant(time) : undefined;
    return at !== undefined && Number.isSafeInteger(number) ? [[at, Number(number)] as const] : [];
  });
}

export function memoryText({ recommended, isInForce, up, down, intended }: Memory): string {
  return JSON.stringify({
    recommended: written([...recommended].map(([size, at]) => [at, size])),
    ...(isInForce && { isInForce }),
    ...(up.length > 0 && { up: written(up) }),
    ...(down.length > 0 && { down: written(down) }),
    ...(intended && { intended: intentOf(intended) }),
  });
}

function intentOf({ at, to, from, generation }: Intended): Json {
  return [toEventTime(at), to, from, ...(generation === undefined ? [] : [generation])];
}
function written(events: readonly ScaleEvent[]): Json {
  return events.map(([at, number]) => [toEventTime(at), number]);
}

/** Whether one memory says something that the other does not: times alone are written along with something else. */
export function isOther(one: Memory | undefined, other: Memory): boolean {
  if (!one || one.up.length !== other.up.length || one.down.length !== other.down.length) return true;
  return one.isInForce !== other.isInForce || latest(one)?.[0] !== latest(other)?.[0];
}
function latest({ recommended }: Memory): readonly [number, Instant] | undefined {
  let found: readonly [number, Instant] | undefined;
  for (const entry of recommended) if (!found || entry[1] >= found[1]) found = entry;
  return found;
}

/**
 * The recommendation in force held until now. Looks that find nothing new write nothing, so its time is that of the last look
 * before this one.
 */
export function held(memory: Memory, { now }: Moment): Memory {
  const last = memory.isInForce ? latest(memory) : undefined;
  const ended = { ...memory, isInForce: false };
  if (!last || last[1] >= now - SYNC_PERIOD_MS) return ended;
  return { ...ended, recommended: new Map([...memory.recommended, [last[0], now - SYNC_PERIOD_MS]]) };
}
/** With a new recommendation; without those that no window reaches any more. */
export function withRecommendation(memory: Memory, size: number, windowMs: number, moment: Moment): Memory {
  const kept = [...memory.recommended].filter(
    ([other, at]) => other !== size && elapsedSince(at, moment.now, moment.outside) < windowMs,
  );
  return { ...memory, recommended: new Map([...kept, [size, moment.now]]), isInForce: true };
}
/** The change that was about to be made, when the size says that it was. */
export function madeChange(memory: Memory | undefined, { replicas }: Sized): Intended | undefined {
  return memory?.intended?.to === replicas ? memory.intended : undefined;
}
/**
 * The same when it may have been made: the size is another one, and so is the generation. Somebody may have set the size back before the
 * scaler that made the change could say so.
 */
export function perhapsMade(memory: Memory | undefined, target: Sized): Intended | undefined {
  const { intended } = memory ?? {};
  const isOther = intended?.generation !== undefined && intended.generation !== target.generation;
  return isOther ? intended : madeChange(memory, target);
}
/** Without an intended change, which counts where it may have been made. Policies count changes of `periodMs`, if there are any. */
export function settled(memory: Memory, target: Sized, periodMs: number | undefined, moment: Moment): Memory {
  const { intended: _intended, ...rest } = memory;
  const made = perhapsMade(memory, target);
  return made && periodMs !== undefined ? withChange(rest, made, periodMs, moment) : rest;
}
/** With a change that was made; without those that no policy counts any more. */
function withChange(memory: Memory, { at: made, from, to }: Intended, periodMs: number, moment: Moment): Memory {
  const kept = (events: readonly ScaleEvent[]): readonly ScaleEvent[] =>
    events.filter(([at]) => elapsedSince(at, moment.now, moment.outside) < periodMs);
  const event: ScaleEvent = [made, Math.abs(to - from)];
  const up = kept(memory.up);
  const down = kept(memory.down);
  return { ...memory, up: to > from ? [...up, event] : up, down: to < from ? [...down, event] : down };
}
