import type {
  Accepted,
  Command,
  CommandOptions,
  CommandResult,
  KubeObject,
  PatchType,
  Refusal,
  UserInfo,
} from '#model';
import { isRefusal, refusals } from '#model';
import type { Askers } from '#ports';
import type { Json, JsonObject } from '#std';
import { objectJson, responseAnswer, type Answer, type Rendering } from './answer.js';
import { noteBody, originOf, type Trail } from './audit/trail.js';
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
import { areInVersion, inVersion } from './conversions.js';
import { isCostlyText, type AdmittedWork, type CostlyWork } from './costly-work.js';
import { listOptions, type MayReadVersion } from './list-options.js';
import { listText, pageFor } from './lists.js';
import { deleteOptions, managerOf, writeOptions } from './options.js';
import type { Query } from './query.js';
import type { Route } from './routes.js';
import { objectText } from './object-text.js';
import { othersFirst, Turns } from './turns.js';
import { unwritable } from './unlogged.js';

/** One request for a write, authorised and routed. */
export interface WriteCall {
  readonly backend: Backend;
  /** Those that a virtual resource may ask. */
  readonly askers: Askers;
  readonly costly: CostlyWork;
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
  return carriedOut(call, bytes, () => {
    const parsed = parseObject(bytes, media, schemaFor(route.on.kind, route.on, route.subresource?.name));
    if ('refused' in parsed) return parsed;
    const { value: body, duplicates: duplicateFields } = parsed;
    return { verb, body, options: { ...commandOptions(call, options), duplicateFields } };
  });
}

async function patchObject(call: WriteCall): Promise<Answer | Refusal> {
  const { query, request, route } = call;
  const patchType = patchTypeOf(request.headers['content-type'], route.on.kind);
  if (typeof patchType !== 'string') return patchType;
  const bytes = await readBytes(request);
  if ('refused' in bytes) return bytes;
  const options = writeOptions('PatchOptions', query, patchType === 'apply' ? 'apply' : 'other');
  if ('refused' in options) return options;
  return carriedOut(call, bytes, () => {
    const parsed = parsePatch(bytes, patchType, options.fieldValidation);
    if ('refused' in parsed) return missing(call, patchType).then((gone) => gone ?? parsed);
    const { value: body, duplicates: duplicateFields } = parsed;
    return { verb: 'patch', patchType, body, options: { ...commandOptions(call, options), duplicateFields } };
  });
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

const NO_BYTES = new Uint8Array();

async function deleteOne(call: WriteCall): Promise<Answer | Refusal> {
  const options = await readDeleteOptions(call);
  if ('refused' in options) return options as unknown as Refusal;
  const { dryRun, ...body } = options;
  return carriedOut(call, NO_BYTES, () => ({ verb: 'delete', body, options: deletionOptions(call, dryRun) }));
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
  const wish: Wish = { verb: 'delete', body, options: { ...deletionOptions(call, dryRun), ofCollection: true } };
  noteBody(call.trail, body);
  const isPinned = selected.resourceVersion !== '' && selected.resourceVersion !== '0';
  const { failure, warnings } = await deleteAll(call, page.objects, wish, isPinned);
  if (failure) return failure;
  const json = await listText(route.on, page.objects, rendering, page.meta);
  return typeof json === 'string' ? { code: 200, json, form: rendering.form, warnings } : json;
}

interface Deletions {
  readonly failure: Refusal | undefined;
  /** What the deletions warned of, each text once. */
  readonly warnings: readonly string[];
}

/** What was listed at a stated version is deleted only if it still is what was listed. */
async function deleteAll(
  call: WriteCall,
  objects: readonly KubeObject[],
  wish: Wish,
  isPinned: boolean,
): Promise<Deletions> {
  const waiting = [...objects];
  const warnings = new Set<string>();
  const turns = new Turns();
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
      const one = { ...command, name, ...(namespace !== undefined && { namespace }) };
      const result = await turns.take(() => call.backend.submit(one));
      // One request has one audit event: as in Kubernetes, what annotates it first stays.
      call.trail.annotations = { ...result.auditAnnotations, ...call.trail.annotations };
      for (const words of result.warnings ?? []) warnings.add(words);
      if (isRefusal(result) && result.code !== 404) failure = result;
    }
  };
  await Promise.all(Array.from({ length: Math.min(DELETIONS_MAX, waiting.length) }, worker));
  return { failure, warnings: [...warnings] };
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

/** Reads, decides and answers a write in steps, between which others are answered. */
async function carriedOut(
  call: WriteCall,
  bytes: Uint8Array,
  read: () => Wish | Refusal | Promise<Refusal>,
): Promise<Answer | Refusal> {
  const { costly, user, route, query } = call;
  // What a create makes has no name before its body was read.
  const target = route.verb === 'create' ? {} : { target: targetOf(route, route.name) };
  const asked = { ...target, isCostly: isCostlyText(bytes), timeout: query.get('timeout') };
  const work = await costly.enter(user.name, asked);
  if (isRefusal(work)) return work;
  try {
    await othersFirst(bytes.length);
    const wish = await work.step(read);
    if (isRefusal(wish)) return wish;
    noteBody(call.trail, wish.body);
    await othersFirst(bytes.length);
    const result = await submit(call, wish, work);
    if (result.auditAnnotations) call.trail.annotations = result.auditAnnotations;
    if (isRefusal(result)) return result;
    await othersFirst(bytes.length);
    // What is answered instead of the object needs no conversion.
    const object = result.response ? result.object : await inVersion(call.backend, route.on, result.object);
    if (isRefusal(object)) return object;
    return await work.step(() => {
      // What goes is written no more.
      if (wish.verb !== 'delete') work.wrote(targetOf(route, object.metadata.name), lengthOf(route, object));
      return accepted(call, wish, { ...result, object });
    });
  } finally {
    work.end();
  }
}

function lengthOf({ on }: Route, object: KubeObject): number {
  return areInVersion(on, [object]) ? objectText(on, object).length : JSON.stringify(object).length;
}
function targetOf({ on, namespace }: Route, name: string): string {
  return `${on.kind.id}/${namespace}/${name}`;
}

async function submit(call: WriteCall, wish: Wish, work: AdmittedWork): Promise<CommandResult> {
  const { backend, askers, route } = call;
  const command = commandOf(call, wish);
  const refused = await unwritable(backend, route, command);
  if (refused) return refused;
  const { isVirtual } = route.subresource ?? route.on.kind;
  return work.step(() => (isVirtual ? backend.serve(command, askers) : backend.submit(command)));
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
