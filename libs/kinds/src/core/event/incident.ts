import {
  applyDefaults,
  decode,
  INCIDENT_RECORDED,
  isRefusal,
  type Command,
  type DecideContext,
  type Decided,
  type Kind,
  type StreamState,
  type View,
} from '#model';
import { canonical, isJsonObject, toTime } from '#std';
import { coreEvent, type CoreEvent } from './schema.js';

/**
 * What a loop or an agent saw happen: an Event whose name derives from the object, the reason and the message, so that a
 * repeat finds it and only moves its count and time.
 */
export function decideIncident(
  kind: Kind,
  command: Command,
  state: StreamState | undefined,
  view: View,
  context: DecideContext,
): Decided {
  const wish = applyDefaults(coreEvent, decode(coreEvent, command.body).value) as unknown as CoreEvent;
  const old = state?.object as CoreEvent | undefined;
  if (old !== undefined) return repeated(wish, old, context.now);
  const body = isJsonObject(command.body) ? command.body : {};
  const plain: Command = { ...command, verb: 'create', body: { ...body, ...times(wish, context.now) } };
  const { event: _event, ...created } = plain;
  const decided = kind.decide(created, state, view, context);
  if (isRefusal(decided) || !decided.event) return decided;
  return { ...decided, event: { ...decided.event, type: INCIDENT_RECORDED } };
}

function times(wish: CoreEvent, now: number) {
  const at = toTime(now);
  return {
    count: wish.count || 1,
    firstTimestamp: wish.firstTimestamp || at,
    lastTimestamp: wish.lastTimestamp || at,
  };
}

function repeated(wish: CoreEvent, old: CoreEvent, now: number): Decided {
  const lastTimestamp = wish.lastTimestamp || toTime(now);
  const count = Math.max((old.count ?? 1) + 1, wish.count ?? 0);
  const { resourceVersion: _version, ...metadata } = old.metadata;
  const object = canonical({ ...old, metadata, count, lastTimestamp });
  const data = {
    uid: old.metadata.uid,
    set: [[['count'], count] as const, [['lastTimestamp'], lastTimestamp] as const],
  };
  return {
    event: { type: INCIDENT_RECORDED, data },
    object,
    created: false,
    deleted: false,
    warnings: [],
    name: old.metadata.name,
  };
}
