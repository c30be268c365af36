import {
  applyDefaults,
  decode,
  INCIDENT_RECORDED,
  isUndecided,
  streamOf,
  type Command,
  type DecideContext,
  type Decided,
  type Kind,
  type View,
  objectsByUid,
} from '#model';
import { canonical, isJsonObject, toTime, type Instant, type Json, type JsonObject } from '#std';
import { coreEvent, type CoreEvent } from './schema.js';

/**
 * What a loop or an agent saw happen: an Event whose uid derives from the object, the reason and the message, so that a
 * repeat finds it and only moves its count and time. The command names the object; the row is named for the moment as
 * well, so that a list, which is in the order of names, tells an object's story from its beginning.
 */
export function decideIncident(kind: Kind, command: Command, view: View, context: DecideContext): Decided {
  const old = view.by(objectsByUid, context.uid)[0];
  if (old !== undefined) {
    const wish = applyDefaults(coreEvent, decode(coreEvent, command.body).value) as unknown as CoreEvent;
    return repeated(wish, old as CoreEvent, context.now);
  }
  const name = rowName(command, view, context.now);
  const body = isJsonObject(command.body) ? command.body : {};
  const metadata = { namespace: command.namespace, name };
  const plain: Command = { ...command, name, body: { ...body, metadata, ...times(body, context.now) } };
  const { event: _event, ...created } = plain;
  const decided = kind.decide(created, undefined, view, context);
  if (isUndecided(decided) || !decided.event) return decided;
  return { ...decided, event: { ...decided.event, type: INCIDENT_RECORDED } };
}

/** `web.18865dffc79ac000`: the time in nanoseconds, as client-go has it; the next one where that is taken. */
function rowName({ kind, namespace, name }: Command, view: View, now: Instant): string {
  for (let nanoseconds = BigInt(now) * 1_000_000n; ; nanoseconds++) {
    const row = `${name}.${nanoseconds.toString(16)}`;
    if (view.stream(streamOf(kind, namespace, row)) === undefined) return row;
  }
}

/** What the body does not say. */
function times(wish: JsonObject, now: Instant) {
  const at = toTime(now);
  return {
    count: wish['count'] || 1,
    firstTimestamp: wish['firstTimestamp'] || at,
    lastTimestamp: wish['lastTimestamp'] || at,
  };
}

function repeated(wish: CoreEvent, old: CoreEvent, now: Instant): Decided {
  const lastTimestamp = wish.lastTimestamp || toTime(now);
  const count = Math.max((old.count ?? 1) + 1, wish.count ?? 0);
  // Of what is combined the row says the newest.
  const message = wish.message === old.message ? undefined : wish.message;
  const { resourceVersion: _version, ...metadata } = old.metadata;
  const object = canonical({ ...old, metadata, count, lastTimestamp, ...(message !== undefined && { message }) });
  const set: [[string], Json][] = [
    [['count'], count],
    [['lastTimestamp'], lastTimestamp],
  ];
  if (message !== undefined) set.push([['message'], message]);
  const data = { uid: old.metadata.uid, set };
  return {
    event: { type: INCIDENT_RECORDED, data },
    object,
    created: false,
    deleted: false,
    warnings: [],
    name: old.metadata.name,
  };
}
