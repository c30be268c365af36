import { whyOf, type PastEvent, type WhyStep } from '#engine';
import { isRefusal, parseStream, streamOf, type Kind, type StoredEvent } from '#model';
import type { Json, JsonObject } from '#std';
import type { Answer } from './answer.js';
import type { Backend } from './backend.js';
import { notFoundQuoted, type Call } from './call.js';
import type { Route } from './routes.js';
import { answers, type HttpRefusal } from './status.js';

const LIMIT = 100;
const LIMIT_MAX = 500;
const FIELD_MAX = 1024;
const OWN_VERSION = 'shiplog.io/v1';

export type MaySee = (kind: Kind, namespace: string | undefined, name: string) => boolean;

/** `GET <object>/history?limit=100&before=<revision>`: its last events, the newest last, gone objects' too. */
export async function objectHistory(backend: Backend, call: Call, route: Route): Promise<Answer | HttpRefusal> {
  const limit = numberIn(call, 'limit') ?? LIMIT;
  const before = numberIn(call, 'before');
  if (limit === 'wrong' || limit === 0 || before === 'wrong')
    return answers.badRequest('limit and before are whole numbers; limit is 1 at least');
  const place = await placeOf(backend, call, route);
  if (isRefusal(place)) return place;
  const { events, older } = await backend.objects.of(place.stream, {
    limit: Math.min(limit, LIMIT_MAX),
    before: before ?? place.length,
    until: place.until,
  });
  if (events.length === 0 && before === undefined) return notFoundQuoted(route);
  return answered('ObjectHistory', route, {
    items: events.map(pastItem),
    ...(older !== undefined && { before: older }),
  });
}

/** `GET <object>/why?field=spec.replicas`: the event that made it so, and the chain of its causes. */
export async function objectWhy(
  backend: Backend,
  call: Call,
  route: Route,
  maySee: MaySee,
): Promise<Answer | HttpRefusal> {
  const field = call.query.get('field') || undefined;
  if (field !== undefined && field.length > FIELD_MAX) return answers.badRequest(`field is longer than ${FIELD_MAX}`);
  const place = await placeOf(backend, call, route);
  if (isRefusal(place)) return place;
  const { stream, until, length } = place;
  const kinds = backend.kinds.at(place.view);
  const why = await whyOf(backend.objects, {
    ...{ stream, field, until, length },
    maySee: (other) => {
      const { kind, namespace, name } = parseStream(other);
      const found = kinds.byId(kind);
      return found !== undefined && maySee(found, namespace, name);
    },
  });
  if (why === undefined && field !== undefined && length !== 0)
    return answers.badRequest(`no event that is remembered here has set the field ${JSON.stringify(field)}`);
  if (why === undefined) return notFoundQuoted(route);
  const { steps, end } = why;
  return answered('ObjectWhy', route, { ...(field !== undefined && { field }), steps: steps.map(stepItem), end });
}

async function placeOf(backend: Backend, { past }: Call, { on, namespace, name }: Route) {
  const view = await backend.fresh();
  if (isRefusal(view)) return view;
  const stream = streamOf(on.kind.id, namespace || undefined, name);
  const state = view.stream(stream);
  return { view, stream, until: past?.position ?? view.position, length: state && state.revision + 1 };
}

function numberIn({ query }: Call, name: string): number | 'wrong' | undefined {
  const text = query.get(name);
  if (text === undefined || text === '') return undefined;
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : 'wrong';
}

function answered(kind: string, { on, namespace, name }: Route, body: JsonObject): Answer {
  const object = { apiVersion: on.apiVersion, kind: on.kind.names.kind, ...(namespace && { namespace }), name };
  return { code: 200, json: JSON.stringify({ kind, apiVersion: OWN_VERSION, object, ...body }) };
}

function pastItem({ event, changes, facts }: PastEvent): JsonObject {
  return {
    ...eventItem(event),
    ...(changes.length > 0 && { changes: changes as unknown as Json }),
    ...(Object.keys(facts).length > 0 && { facts }),
  };
}
function stepItem({ event, changes, others }: WhyStep): JsonObject {
  const { kind, namespace, name } = parseStream(event.stream);
  return {
    object: { resource: kind, ...(namespace !== undefined && { namespace }), name },
    ...eventItem(event),
    ...(changes.length > 0 && { changes: changes as unknown as Json }),
    ...(others.length > 0 && { otherCauses: [...others] }),
  };
}

/** Who, when, through what, why and from what. */
function eventItem({ position, revision, time, type, metadata }: StoredEvent): JsonObject {
  const { actor, impersonator, via, fieldManager, request, because, causes, causeCount, basis } = metadata;
  const parts = { actor, impersonator, via, fieldManager, request, because, causes, causeCount, basis };
  return JSON.parse(JSON.stringify({ position, revision, time, type, ...parts })) as JsonObject;
}
