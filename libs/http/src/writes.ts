import type { Accepted, Command, CommandOptions, KubeObject, PatchType, Refusal, UserInfo } from '#model';
import { isRefusal, refusals } from '#model';
import type { Json, JsonObject } from '#std';
import { objectJson, responseAnswer, type Answer, type Rendering } from './answer.js';
import { originOf, type Trail } from './audit.js';
import type { AnyRequest } from './authenticate.js';
import type { Backend } from './backend.js';
import {
  bodyMedia,
  parseDeleteOptions,
  parseObject,
  parsePatch,
  patchTypeOf,
  readBytes,
  schemaFor,
} from './body/request-body.js';
import type { Inquiries } from './inquiries.js';
import { listOptions, type MayReadVersion } from './list-options.js';
import { listText, pageFor } from './lists.js';
import { deleteOptions, managerOf, writeOptions } from './options.js';
import type { Query } from './query.js';
import type { Route } from './routes.js';
import { othersFirst } from './turns.js';
import { unwritable } from './unlogged.js';

/** One request for a write, authorised and routed. */
export interface WriteCall {
  readonly backend: Backend;
  readonly inquiries: Inquiries;
  readonly route: Route;
  readonly query: Query;
  readonly request: AnyRequest;
  readonly user: UserInfo;
  readonly trail: Trail;
  readonly rendering: Rendering;
  /** Whether the user may also create what an update or an apply does not find. */
  readonly mayCreate: boolean;
  /** What a deletion of a collection lists is read, too. */
  readonly mayRead: MayReadVersion;
}

export async function write(call: WriteCall): Promise<Answer | Refusal> {
  switch (call.route.verb) {
    case 'create':
    case 'update':
      return writeObject(call, call.route.verb);
    case 'patch':
      return patchObject(call);
    case 'delete':
      return deleteOne(call);
    case 'deletecollection':
      return deleteMany(call);
    default:
      return refusals.badRequest(`${call.route.verb} is not a write`);
  }
}

async function writeObject(call: WriteCall, verb: 'create' | 'update'): Promise<Answer | Refusal> {
  const { route, query, request } = call;
  const media = bodyMedia(request.headers['content-type']);
  if (typeof media !== 'string') return media;
  const bytes = await readBytes(request);
  if ('refused' in bytes) return bytes;
  const options = writeOptions(verb === 'create' ? 'CreateOptions' : 'UpdateOptions', query);
  if ('refused' in options) return options;
  await othersFirst(bytes.length);
  const parsed = parseObject(bytes, media, schemaFor(route.on.kind, route.on, route.subresource?.name));
  if ('refused' in parsed) return parsed;
  return submit(
    call,
    {
      verb,
      body: parsed.value,
      options: { ...commandOptions(call, options), duplicateFields: parsed.duplicates },
    },
    bytes.length,
  );
}

async function patchObject(call: WriteCall): Promise<Answer | Refusal> {
  const { query, request } = call;
  const patchType = patchTypeOf(request.headers['content-type']);
  if (typeof patchType !== 'string') return patchType;
  const bytes = await readBytes(request);
  if ('refused' in bytes) return bytes;
  const options = writeOptions('PatchOptions', query, patchType === 'apply' ? 'apply' : 'other');
  if ('refused' in options) return options;
  await othersFirst(bytes.length);
  const parsed = parsePatch(bytes, patchType, options.fieldValidation);
  if ('refused' in parsed) return (await missing(call, patchType)) ?? parsed;
  return submit(
    call,
    {
      verb: 'patch',
      patchType,
      body: parsed.value,
      options: { ...commandOptions(call, options), duplicateFields: parsed.duplicates },
    },
    bytes.length,
  );
}

/** A patch of what is not there is 404 before its body is looked at. */
async function missing({ backend, route }: WriteCall, patchType: PatchType): Promise<Refusal | undefined> {
  if (patchType === 'apply') return undefined;
  const view = await backend.fresh();
  if ('refused' in view) return view;
  const { kind, group } = route.on;
  if (view.get(kind.ref, route.namespace || undefined, route.name)) return undefined;
  return refusals.notFound({ group, resource: kind.names.plural, kind: kind.names.kind, name: route.name });
}

async function deleteOne(call: WriteCall): Promise<Answer | Refusal> {
  const options = await readDeleteOptions(call);
  if ('refused' in options) return options as unknown as Refusal;
  const { dryRun, ...body } = options;
  return submit(call, { verb: 'delete', body, options: deletionOptions(call, dryRun) });
}

async function readDeleteOptions({ request, query }: WriteCall): Promise<JsonObject | Refusal> {
  const bytes = await readBytes(request);
  if ('refused' in bytes) return bytes;
  const media = bytes.length === 0 ? 'json' : bodyMedia(request.headers['content-type']);
  if (typeof media !== 'string') return media;
  const body = parseDeleteOptions(bytes, media);
  if (isRefusal(body)) return body;
  return deleteOptions(body, query);
}
function deletionOptions(call: WriteCall, dryRun: Json | undefined): CommandOptions {
  const isDry = Array.isArray(dryRun) && dryRun.length > 0;
  return { ...(isDry && { dryRun: true }), fieldManager: managerOf('', userAgent(call.request)) };
}

/** How many deletions of a collection are under way at once. */
const DELETIONS_MAX = 64;

async function deleteMany(call: WriteCall): Promise<Answer | Refusal> {
  const { backend, route, query, rendering } = call;
  const selected = listOptions(route.on, query, false);
  if ('refused' in selected) return selected;
  const options = await readDeleteOptions(call);
  if ('refused' in options) return options as unknown as Refusal;
  const page = await pageFor(backend, route, { ...selected, mayRead: call.mayRead });
  if (isRefusal(page)) return page;
  const { dryRun, ...body } = options;
  const wish: Wish = { verb: 'delete', body, options: deletionOptions(call, dryRun) };
  const isPinned = selected.resourceVersion !== '' && selected.resourceVersion !== '0';
  const failure = await deleteAll(call, page.objects, wish, isPinned);
  if (failure) return failure;
  const json = listText(route.on, page.objects, rendering, page.meta);
  return typeof json === 'string' ? { code: 200, json, form: rendering.form } : json;
}

/** What was listed at a stated version is deleted only if it still is what was listed. */
async function deleteAll(
  call: WriteCall,
  objects: readonly KubeObject[],
  wish: Wish,
  isPinned: boolean,
): Promise<Refusal | undefined> {
  const waiting = [...objects];
  let failure: Refusal | undefined;
  const worker = async (): Promise<void> => {
    for (let object = waiting.shift(); object !== undefined && !failure; object = waiting.shift()) {
      const { namespace, name, resourceVersion } = object.metadata;
      const preconditions = {
        ...((wish.body as JsonObject)['preconditions'] as JsonObject | undefined),
        resourceVersion,
      };
      const body = isPinned ? { ...(wish.body as JsonObject), preconditions } : wish.body;
      const command = commandOf(call, { ...wish, ...(body !== undefined && { body }) });
      const result = await call.backend.submit({ ...command, name, ...(namespace !== undefined && { namespace }) });
      if (isRefusal(result) && result.code !== 404) failure = result;
    }
  };
  await Promise.all(Array.from({ length: Math.min(DELETIONS_MAX, waiting.length) }, worker));
  return failure;
}

type Wish = Pick<Command, 'verb' | 'body' | 'patchType' | 'options'>;

function commandOf({ backend, route, user, request, trail }: WriteCall, wish: Wish): Command {
  const { on, namespace, name, subresource } = route;
  const { traceparent } = request.headers;
  return {
    ...wish,
    kind: on.kind.id,
    apiVersion: on.apiVersion,
    ...(namespace !== '' && { namespace }),
    name: wish.verb === 'create' && subresource === undefined ? nameIn(wish.body) : name,
    ...(subresource && { subresource: subresource.name }),
    actor: user,
    ...(trail.impersonated && trail.authenticated && { impersonator: trail.authenticated }),
    request: originOf(trail, request),
    via: userAgent(request) || 'unknown',
    correlationId: backend.uid(),
    ...(typeof traceparent === 'string' && { traceparent }),
  };
}
/** The name that a create's body gives; '' when it is to be generated. */
function nameIn(body: Json | undefined): string {
  const name = (body as { metadata?: { name?: unknown } } | null | undefined)?.metadata?.name;
  return typeof name === 'string' ? name : '';
}

function commandOptions(call: WriteCall, options: Exclude<ReturnType<typeof writeOptions>, Refusal>): CommandOptions {
  return {
    ...(options.dryRun && { dryRun: true }),
    fieldManager: managerOf(options.fieldManager, userAgent(call.request)),
    fieldValidation: options.fieldValidation,
    ...(options.force !== undefined && { force: options.force }),
    mayCreate: call.mayCreate,
  };
}

/** `bodyBytes`: how large the body was that asks for it. */
async function submit(call: WriteCall, wish: Wish, bodyBytes = 0): Promise<Answer | Refusal> {
  await othersFirst(bodyBytes);
  const command = commandOf(call, wish);
  const refused = await unwritable(call.backend, call.route, command);
  if (refused) return refused;
  const { on, subresource } = call.route;
  const inquire = (subresource ?? on.kind).inquire;
  const result = await (inquire ? call.inquiries.answer(inquire, command) : call.backend.submit(command));
  await othersFirst(bodyBytes);
  return isRefusal(result) ? result : accepted(call, wish, result);
}

function accepted({ route, rendering }: WriteCall, wish: Wish, result: Accepted): Answer | Refusal {
  const { response, warnings, created } = result;
  const code = created || wish.verb === 'create' ? 201 : isLegacyOrphaning(wish, result) ? 202 : 200;
  if (response) {
    const answer = responseAnswer(code, response, result.object, { route, rendering });
    return 'refused' in answer ? answer : { ...answer, warnings, about: result.object.metadata };
  }
  const json = objectJson(route.on, result.object, rendering);
  const about = result.object.metadata;
  return typeof json === 'string' ? { code, json, form: rendering.form, warnings, about } : json;
}
/** `orphanDependents: false` on an object that stays for its finalizers is answered 202. */
function isLegacyOrphaning(wish: Wish, result: Accepted): boolean {
  return (
    wish.verb === 'delete' && !result.deleted && (wish.body as JsonObject | undefined)?.['orphanDependents'] === false
  );
}

export function userAgent(request: AnyRequest): string {
  return request.headers['user-agent'] ?? '';
}
