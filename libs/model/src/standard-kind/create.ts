import { dns1123Subdomain, validateMeta } from '#meta';
import { safeSuffix, toTime } from '#std';
import { isUndecided, type Decided } from '../kind.js';
import type { KubeObject, ObjectMeta } from '../kube-object.js';
import { isRefusal, refusals, type Problem, type Refusal } from '../refusal.js';
import { applyDefaults, zeroOf } from '../schema/index.js';
import { admitted, afterWarnings, mutateAll, noted, validateAll } from './admission.js';
import { readBody, warned } from './body.js';
import { decidedCreate } from './decided.js';
import { dedupOwners } from './metadata.js';
import { trackCreate } from './ownership.js';
import { aboutOf, hasStatus, kindAbout, type Request } from './request.js';

/** POST of an object. */
export function decideCreate(request: Request): Decided {
  const read = readBody(request.command, request.spoken, request.decideContext);
  if (isRefusal(read)) return read;
  const object = defaulted(request, read.object, true);
  const decided =
    wrongPlace(request, object) ?? createObject(request, trackCreate(request, withoutServerFields(object)));
  return warned(decided, read);
}

/** The object with the defaults of its version, in the form that is stored. */
export function defaulted(request: Request, spokenObject: KubeObject, isCreate: boolean): KubeObject {
  const withDefaults = applyDefaults(
    request.spoken.schema,
    spokenObject,
    request.command.patchType === 'apply',
  ) as KubeObject;
  const stored = request.spoken.toStored(withDefaults);
  return request.strategy.applyDefaults?.(stored, { isCreate, subresource: request.subresource }) ?? stored;
}

/** A body that names another namespace than the URL. */
export function wrongPlace(request: Request, object: KubeObject): Refusal | undefined {
  const { namespace } = object.metadata;
  if (namespace === undefined || namespace === '' || !request.kind.names.namespaced) return undefined;
  if (namespace === request.command.namespace) return undefined;
  return refusals.badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

/** The rest of every creation: by POST, by PUT of what is not there, by apply. */
export function createObject(request: Request, read: KubeObject): Decided {
  const admission = mutateAll(request.plugins, admitted(request, 'CREATE', withIdentity(request, read), undefined));
  return isUndecided(admission) ? admission : noted(createAdmitted(request, admission.object), admission.notes);
}

function createAdmitted(request: Request, mutated: KubeObject): Decided {
  const { strategy, plugins } = request;
  const { object: deduped, dropped } = dedupOwners(mutated);
  const forbidden = strategy.permits?.(deduped, undefined, request);
  if (forbidden) return forbidden;
  const prepared = prepare(request, deduped);
  const about = kindAbout(request, prepared.metadata.name);
  const problems = validateCreate(request, prepared);
  if (problems.length > 0) return refusals.invalid(about, problems);
  const warnings = [...dropped.map(ownerWarning), ...(strategy.warnings?.(prepared, undefined, request) ?? [])];
  const verdict = validateAll(plugins, admitted(request, 'CREATE', prepared, undefined));
  if (isUndecided(verdict)) return { ...verdict, warnings: [...warnings, ...(verdict.warnings ?? [])] };
  const notes = afterWarnings(warnings, verdict);
  const taken = alreadyThere(request, prepared);
  if (taken) return noted(taken, notes);
  const allocated = allocate(request, prepared, undefined);
  if (isRefusal(allocated)) return allocated;
  return noted(decidedCreate(request, allocated), notes);
}

export function ownerWarning(uid: string): string {
  return `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uid}`;
}

/** Values that only the writer can give; problems become a 422. */
export function allocate(request: Request, object: KubeObject, old: KubeObject | undefined): KubeObject | Refusal {
  const result = request.strategy.allocate?.(object, old, request) ?? object;
  if (!Array.isArray(result)) return result as KubeObject | Refusal;
  return refusals.invalid(kindAbout(request, object.metadata.name), result as readonly Problem[]);
}

/** What a client may not say of a new object is not there before anybody can own it. */
export function withoutServerFields(object: KubeObject): KubeObject {
  const {
    selfLink,
    resourceVersion,
    uid,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    ...metadata
  } = object.metadata as ObjectMeta & { readonly selfLink?: string };
  return { ...object, metadata: metadata as ObjectMeta };
}

function withIdentity(request: Request, read: KubeObject): KubeObject {
  const { command, kind, now, uid } = request;
  const meta: Record<string, unknown> = { ...read.metadata };
  for (const field of ['selfLink', 'resourceVersion', 'deletionTimestamp', 'deletionGracePeriodSeconds'])
    delete meta[field];
  meta['uid'] = uid;
  meta['creationTimestamp'] = toTime(now);
  if (kind.names.namespaced) meta['namespace'] = command.namespace;
  const { generateName } = meta;
  if (!meta['name'] && typeof generateName === 'string' && generateName !== '')
    meta['name'] = generatedName(request, generateName);
  return { ...read, metadata: meta as unknown as ObjectMeta };
}

/** A suffix of five letters made from the uid; when that name is taken, from the uid and how often that was so. */
function generatedName(request: Request, prefix: string): string {
  const { command, kind, uid, view } = request;
  const namespace = kind.names.namespaced ? command.namespace : undefined;
  // Cut so that names of at most 63 characters come out.
  const name = (seed: string): string => prefix.slice(0, 58) + safeSuffix(seed);
  for (let i = 1; i < 8; i++) {
    const candidate = name(i === 1 ? uid : `${uid} ${i}`);
    if (view.get(kind.ref, namespace, candidate) === undefined) return candidate;
  }
  return name(`${uid} 8`);
}

function prepare(request: Request, object: KubeObject): KubeObject {
  const { strategy } = request;
  let prepared = object;
  if (hasStatus(request) && strategy.createKeepsStatus !== true) prepared = emptyStatus(request, prepared);
  if (strategy.generation === 'managed') prepared = { ...prepared, metadata: { ...prepared.metadata, generation: 1 } };
  return strategy.prepareCreate?.(prepared, request) ?? prepared;
}
/** A new object has said nothing yet: its status is what the schema always shows of one. */
function emptyStatus(request: Request, object: KubeObject): KubeObject {
  const { status: _status, ...rest } = object;
  const field = request.kind.schema.fields['status'];
  if (field?.options.always === undefined) return rest as KubeObject;
  return { ...(rest as KubeObject), status: zeroOf(field.type) };
}

function validateCreate(request: Request, object: KubeObject): readonly Problem[] {
  const { strategy, kind } = request;
  const rules = { namespaced: kind.names.namespaced, nameRule: strategy.name ?? dns1123Subdomain };
  const ofMeta = validateMeta(object.metadata, rules).filter(
    (problem) => strategy.shortFinalizers !== true || !isShortName(problem),
  );
  return [...ofMeta, ...(strategy.validate?.(object, request) ?? [])];
}

/** The complaint about a finalizer without a domain, the only one that names a single entry of the list. */
export function isShortName(problem: { readonly field: string }): boolean {
  return problem.field.startsWith('metadata.finalizers[');
}

function alreadyThere(request: Request, object: KubeObject): Refusal | undefined {
  const { view, kind } = request;
  const there = view.get(kind.ref, object.metadata.namespace, object.metadata.name);
  if (there === undefined) return undefined;
  const { name, generateName } = object.metadata;
  if (generateName) return withoutUniqueName(refusals.alreadyExists(kindAbout(request, name)));
  const refusal = refusals.alreadyExists(aboutOf(request, name));
  if (there.metadata.deletionTimestamp === undefined) return refusal;
  return { ...refusal, message: `object is being deleted: ${refusal.message}` };
}

/** Said of every object with a generateName, even when its name was given. */
function withoutUniqueName(refusal: Refusal): Refusal {
  const message = `${refusal.message}, the server was not able to generate a unique name for the object`;
  return { ...refusal, message, details: { ...refusal.details, retryAfterSeconds: 1 } };
}
