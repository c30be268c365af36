import { dns1123Subdomain, genericMetaUpdateProblems, pathSegment, validateMeta, validateMetaUpdate } from '#meta';
import { jsonEquals } from '#std';
import { isUndecided, type Decided } from '../kind.js';
import type { KubeObject } from '../kube-object.js';
import { isRefusal, refusals, warningsOf, type Problem, type Refusal } from '../refusal.js';
import { admitted, afterWarnings, mutateAll, noted, validateAll } from './admission.js';
import { readBody, warned, type ReadObject } from './body.js';
import {
  allocate,
  createObject,
  defaulted,
  isShortName,
  ownerWarning,
  withoutServerFields,
  wrongPlace,
} from './create.js';
import { decidedChange, decidedDelete } from './decided.js';
import { dedupOwners, protectMetadata } from './metadata.js';
import { trackCreate, trackUpdate } from './ownership.js';
import { aboutOf, hasStatus, kindAbout, type Request, type WriteRules } from './request.js';

/** PUT of an object or of its status. */
export function decideUpdate(request: Request): Decided {
  const read = readBody(request.command, request.spoken, request.decideContext);
  return isRefusal(read) ? read : warned(updateRead(request, read), read);
}

function updateRead(request: Request, read: ReadObject): Decided {
  const { command, strategy, old } = request;
  const object = defaulted(request, read.object, false);
  const misnamed = wrongName(request, object) ?? wrongPlace(request, object);
  if (misnamed) return misnamed;
  if (old === undefined) {
    const mayCreate =
      strategy.putCreates === true && request.subresource === undefined && command.options.mayCreate !== false;
    if (!mayCreate) return refusals.notFound(aboutOf(request, command.name));
    if (object.metadata.uid) return uidMismatch(request, object.metadata.uid, undefined);
    return createObject(request, trackCreate(request, withoutServerFields(defaulted(request, read.object, true))));
  }
  const { uid } = object.metadata;
  if (uid && uid !== old.metadata.uid) return uidMismatch(request, uid, old.metadata.uid);
  const unversioned = mustSayVersion(request, object.metadata.resourceVersion);
  if (unversioned) return unversioned;
  return updateObject(request, object, old);
}

/** The rest of every change: by PUT, by patch, by apply. `object` is whole, defaulted, in stored form. */
export function updateObject(
  request: Request,
  object: KubeObject,
  old: KubeObject,
  ownership: 'tracked' | 'to track' = 'to track',
): Decided {
  const stale = staleVersion(request, object.metadata.resourceVersion);
  if (stale) return stale;
  const tracked = ownership === 'tracked' ? object : trackUpdate(request, object, old);
  const placed = protectMetadata(inPlace(tracked, old), old);
  const admission = mutateAll(request.plugins, admitted(request, 'UPDATE', placed, old));
  return isUndecided(admission) ? admission : noted(updateAdmitted(request, admission.object, old), admission.notes);
}

function updateAdmitted(request: Request, mutated: KubeObject, old: KubeObject): Decided {
  const { object: deduped, dropped } = dedupOwners(mutated);
  const forbidden = request.strategy.permits?.(deduped, old, request);
  if (forbidden) return forbidden;
  const rules = rulesOf(request);
  const prepared = withGeneration(request, rules.prepare(deduped, old), old);
  const found = validate(request, rules, prepared, old);
  const problems = found.filter(({ isWarning }) => isWarning !== true);
  const told = found.length === problems.length ? [] : warningsOf(found);
  if (problems.length > 0)
    return { ...refusals.invalid(kindAbout(request, old.metadata.name), problems), ...(told[0] && { warnings: told }) };
  const warnings = [
    ...told,
    ...dropped.map(ownerWarning),
    ...(request.strategy.warnings?.(prepared, old, request) ?? []),
  ];
  const verdict = validateAll(request.plugins, admitted(request, 'UPDATE', prepared, old));
  if (isUndecided(verdict)) return verdict;
  const allocated = allocate(request, prepared, old);
  if (isRefusal(allocated)) return allocated;
  const goes = goesWithUpdate(request, allocated, old);
  return noted((goes ? decidedDelete : decidedChange)(request, allocated, old), afterWarnings(warnings, verdict));
}

export function wrongName(request: Request, object: KubeObject): Refusal | undefined {
  const { name } = object.metadata;
  const { command } = request;
  if (!name)
    return refusals.badRequest(
      `the name of the object (${command.name} based on URL) was undeterminable: name must be provided`,
    );
  if (name === command.name) return undefined;
  return refusals.badRequest(`the name of the object (${name}) does not match the name on the URL (${command.name})`);
}

/** A version is stated and is not the object's: the only conflict besides ownership and identity. */
function staleVersion(request: Request, stated: string | undefined): Refusal | undefined {
  if (stated && !/^\d+$/.test(stated)) {
    return {
      refused: true,
      code: 500,
      reason: '',
      message: `strconv.ParseUint: parsing ${JSON.stringify(stated)}: invalid syntax`,
    };
  }
  if (!stated || stated === '0' || stated === request.oldVersion) return undefined;
  const why = 'the object has been modified; please apply your changes to the latest version and try again';
  return refusals.conflict(aboutOf(request, request.command.name), why);
}

function mustSayVersion(request: Request, stated: string | undefined): Refusal | undefined {
  if (request.strategy.unconditionalUpdate !== false || (stated && stated !== '0')) return undefined;
  const about = aboutOf(request, request.command.name);
  const problem: Problem = {
    type: 'Invalid',
    field: 'metadata.resourceVersion',
    value: 0,
    detail: 'must be specified for an update',
  };
  return refusals.invalid({ ...about, kind: about.resource }, [problem]);
}

export function uidMismatch(request: Request, stated: string, stored: string | undefined): Refusal {
  const { command, kind } = request;
  const place = kind.names.namespaced ? `${command.namespace}/${command.name}` : command.name;
  const key = `/registry/${request.strategy.registryPrefix ?? kind.names.plural}/${place}`;
  const words = `Precondition failed: UID in precondition: ${stated}, UID in object meta: ${stored ?? ''}`;
  const why = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${words}`;
  return refusals.conflict(aboutOf(request, command.name), why);
}

function inPlace(object: KubeObject, old: KubeObject): KubeObject {
  if (object.metadata.namespace === old.metadata.namespace) return object;
  return { ...object, metadata: { ...object.metadata, namespace: old.metadata.namespace as string } };
}
/** What a write of this (sub)resource may change, and what must hold of it. */
function rulesOf(request: Request): WriteRules {
  const { strategy } = request;
  if (request.rules) return request.rules;
  if (request.subresource === 'status') {
    return { prepare: (object, old) => prepareStatus(request, object, old), validate: strategy.validateStatus };
  }
  return { prepare: (object, old) => prepareMain(request, object, old), validate: strategy.validateUpdate };
}
function prepareStatus(request: Request, object: KubeObject, old: KubeObject): KubeObject {
  const { strategy } = request;
  const metadata = strategy.statusMetadata?.(object, old) ?? object.metadata;
  const written: KubeObject = { ...old, status: object['status'], metadata };
  return strategy.prepareStatus?.(written, old, request) ?? written;
}
function prepareMain(request: Request, object: KubeObject, old: KubeObject): KubeObject {
  const { strategy } = request;
  const kept: KubeObject = hasStatus(request) ? withStatusOf(object, old) : object;
  return strategy.prepareUpdate?.(kept, old, request) ?? kept;
}
function withStatusOf(object: KubeObject, old: KubeObject): KubeObject {
  if (old['status'] !== undefined) return { ...object, status: old['status'] };
  const { status: _status, ...rest } = object;
  return rest as KubeObject;
}
/** A managed generation counts changes of what is wished for. */
function withGeneration(request: Request, object: KubeObject, old: KubeObject): KubeObject {
  const { strategy } = request;
  if (strategy.generation !== 'managed' || request.subresource === 'status') return object;
  const grows = strategy.generationGrows?.(object, old, request) ?? !jsonEquals(object['spec'], old['spec']);
  if (!grows) return object;
  return { ...object, metadata: { ...object.metadata, generation: (old.metadata.generation ?? 0) + 1 } };
}

/**
 * What holds of the metadata of all objects is checked once for all kinds and once more by each kind, some of which look
 * at the whole object again: answers name each such cause as often.
 */
function validate(request: Request, rules: WriteRules, object: KubeObject, old: KubeObject): readonly Problem[] {
  const { strategy, kind, subresource } = request;
  const { namespaced } = kind.names;
  const meta = object.metadata;
  const generic = validateMeta(meta, { namespaced, nameRule: pathSegment }).filter((problem) => !isShortName(problem));
  const ofKind = validateMetaUpdate(meta, old.metadata);
  const isWhole = strategy.revalidatesMetadata === true && subresource === undefined;
  const whole = isWhole ? validateMeta(meta, { namespaced, nameRule: strategy.name ?? dns1123Subdomain }) : [];
  const isLoose = strategy.shortFinalizers === true;
  return [
    ...generic,
    ...genericMetaUpdateProblems(meta, old.metadata),
    ...[...ofKind, ...whole].filter((problem) => !isLoose || !isShortName(problem)),
    ...(rules.validate?.(object, old, request) ?? []),
  ];
}

function goesWithUpdate(request: Request, object: KubeObject, old: KubeObject): boolean {
  if (old.metadata.deletionTimestamp === undefined) return false;
  if ((object.metadata.finalizers?.length ?? 0) > 0) return false;
  if ((old.metadata.deletionGracePeriodSeconds ?? 0) > 0) return false;
  return request.strategy.goesWithUpdate?.(object, old) ?? true;
}
