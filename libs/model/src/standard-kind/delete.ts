import { isJsonObject, jsonEquals, parseInstant, toTime, type JsonObject } from '#std';
import type { Command } from '../command.js';
import { isUndecided, type Decided, type DecidedEvent } from '../kind.js';
import type { Questions } from '../question.js';
import type { KubeObject, ObjectMeta } from '../kube-object.js';
import { isRefusal, refusals, type About, type Problem, type Refusal } from '../refusal.js';
import { admitted, mutateAll, noted, validateAll, type AdmissionNotes } from './admission.js';
import { warned } from './body.js';
import { decidedChange, decidedDelete, isDry } from './decided.js';
import { aboutOf, type Request } from './request.js';
import type { DeleteOptions } from './strategy.js';

export type { DeleteOptions };

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

/** DELETE of one object. */
export function decideDelete(request: Request): Decided {
  const options = readDeleteOptions(request.command.body);
  if (isRefusal(options)) return options;
  return warned(deleteWith(request, options), { warnings: orphaningWarnings(request, options) });
}

function deleteWith(request: Request, options: DeleteOptions): Decided {
  const { old } = request;
  if (old === undefined) return refusals.notFound(aboutOf(request, request.command.name));
  const admission = deletionAdmission(request, old);
  if (isUndecided(admission)) return admission;
  const special = request.strategy.decideDelete?.(old, options, request);
  return noted(special ?? deleteObject(request, old, options), admission);
}
function orphaningWarnings({ strategy }: Request, options: DeleteOptions): readonly string[] {
  const { orphaningWarning } = strategy;
  return orphaningWarning === undefined || propagation(options) !== undefined ? [] : [orphaningWarning];
}

/**
 * Deletion as nearly all kinds have it: preconditions, grace, finalizers, and the end when nothing holds it. `leaving` is
 * the object with what the deletion changes of it besides.
 */
export function deleteObject(request: Request, old: KubeObject, options: DeleteOptions, leaving = old): Decided {
  const broken = brokenPrecondition(request, old, options);
  if (broken) return broken;
  return deletionValidated(request, old, () => deleteAdmitted(request, old, options, leaving));
}

/** A deletion once validating admission has let it pass: for kinds whose deletion is their own. */
export function deletionValidated(request: Request, old: KubeObject, decide: () => Decided): Decided {
  const verdict = validateAll(request.plugins, admitted(request, 'DELETE', old, old));
  return isUndecided(verdict) ? verdict : noted(decide(), verdict);
}

function deleteAdmitted(request: Request, old: KubeObject, options: DeleteOptions, leaving: KubeObject): Decided {
  const grace = graceFor(request, old, options);
  if (grace === 'pending') return answered(request, decidedChange(request, leaving, old), false);
  const finalizers = wantedFinalizers(request, old, options);
  const marked = withFinalizers(leaving, finalizers);
  if (grace === undefined) {
    if (finalizers.length === 0) return answered(request, decidedDelete(request, marked, old), true);
    return answered(request, decidedChange(request, markedAsDeleting(request, marked), old), false);
  }
  const going = dying(request, marked, grace);
  if (finalizers.length > 0 || grace > 0) return answered(request, decidedChange(request, going, old), false);
  // Watchers see an object at its end before they see it deleted. That is a state of its own, so it is an event of its own.
  if (isDry(request) || isAtItsEnd(old)) return answered(request, decidedDelete(request, going, old), true);
  return { ...answered(request, decidedChange(request, going, old), true), then: [endOf(request, old)] };
}

/** It was told to go at once; nothing but an event is missing. */
function isAtItsEnd({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0;
}
/** The deletion that follows on the mark, of the same wish. Preconditions of the wish held before the mark. */
function endOf({ command }: Request, { metadata }: KubeObject): Command {
  const { event: _event, subresource: _subresource, basedOn: _basedOn, ...wish } = command;
  return { ...wish, verb: 'delete', body: { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } } };
}

/** What admission has against a deletion before it is looked at closer. */
export function deletionAdmission(request: Request, old: KubeObject): AdmissionNotes | Refusal | Questions {
  const result = mutateAll(request.plugins, admitted(request, 'DELETE', old, old));
  return isUndecided(result) ? result : result.notes;
}

/** A DeleteOptions from a body; what is wrong with it is told before the object is looked for. */
export function readDeleteOptions(body: unknown): DeleteOptions | Refusal {
  const options = isJsonObject(body) ? body : {};
  const preconditions = isJsonObject(options['preconditions']) ? options['preconditions'] : {};
  const read: DeleteOptions = {
    gracePeriodSeconds: numberAt(options, 'gracePeriodSeconds'),
    orphanDependents: typeof options['orphanDependents'] === 'boolean' ? options['orphanDependents'] : undefined,
    propagationPolicy: textAt(options, 'propagationPolicy'),
    uid: textAt(preconditions, 'uid'),
    resourceVersion: textAt(preconditions, 'resourceVersion'),
  };
  const problems = optionProblems(read);
  if (problems.length === 0) return read;
  return refusals.invalid({ group: 'meta.k8s.io', resource: '', kind: 'DeleteOptions', name: '' }, problems);
}
function optionProblems(options: DeleteOptions): readonly Problem[] {
  const { propagationPolicy: policy } = options;
  if (policy === undefined) return [];
  const field = 'propagationPolicy';
  if (options.orphanDependents !== undefined) {
    return [
      { type: 'Invalid', field, value: policy, detail: 'orphanDependents and deletionPropagation cannot be both set' },
    ];
  }
  const supported = ['Foreground', 'Background', 'Orphan', 'nil'];
  return supported.slice(0, 3).includes(policy)
    ? []
    : [{ type: 'NotSupported', field, value: policy, detail: '', supported }];
}

/** Kinds are named by their Go type in these two messages: `ConfigMap "a"`, `Deployment.apps "d"`. */
function brokenPrecondition(request: Request, old: KubeObject, options: DeleteOptions): Refusal | undefined {
  const about: About = {
    ...aboutOf(request, old.metadata.name),
    resource: request.kind.names.kind,
    group: request.kind.names.group,
  };
  if (options.uid !== undefined && options.uid !== old.metadata.uid) {
    const why = `the UID in the precondition (${options.uid}) does not match the UID in record (${old.metadata.uid}). The object might have been deleted and then recreated`;
    return refusals.conflict(about, why);
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== request.oldVersion) {
    const why = `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${request.oldVersion}). The object might have been modified`;
    return refusals.conflict(about, why);
  }
  return undefined;
}

/** Seconds that the object still gets; undefined for kinds without grace; `pending` when a shorter time is running already. */
function graceFor(request: Request, old: KubeObject, options: DeleteOptions): number | undefined | 'pending' {
  const { gracePeriodSeconds } = request.strategy;
  if (gracePeriodSeconds === undefined) return undefined;
  const asked =
    options.gracePeriodSeconds !== undefined && options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds;
  if (old.metadata.deletionTimestamp === undefined) return gracePeriodSeconds(old, asked);
  const running = old.metadata.deletionGracePeriodSeconds;
  if (running === undefined) return undefined;
  if (isAtItsEnd(old)) return 0;
  if (asked === undefined || asked >= running) return 'pending';
  return asked;
}

function dying(request: Request, object: KubeObject, grace: number): KubeObject {
  const { deletionTimestamp, deletionGracePeriodSeconds, generation } = object.metadata;
  const before = parseInstant(deletionTimestamp);
  const begun = before === undefined ? request.now : before - (deletionGracePeriodSeconds ?? 0) * 1000;
  const isFirst = deletionTimestamp === undefined;
  return withMeta(object, {
    deletionTimestamp: toTime(begun + grace * 1000),
    deletionGracePeriodSeconds: grace,
    ...(isFirst && generation !== undefined && generation > 0 && { generation: generation + 1 }),
  });
}
function markedAsDeleting(request: Request, object: KubeObject): KubeObject {
  const { deletionTimestamp, generation } = object.metadata;
  const until = parseInstant(deletionTimestamp);
  const isFirst = deletionTimestamp === undefined;
  return withMeta(object, {
    ...((until === undefined || until > request.now) && { deletionTimestamp: toTime(request.now) }),
    deletionGracePeriodSeconds: 0,
    ...(isFirst && generation !== undefined && generation > 0 && { generation: generation + 1 }),
  });
}

/** The garbage collector's two finalizers as the options, the object or the kind want them. */
function wantedFinalizers(request: Request, old: KubeObject, options: DeleteOptions): readonly string[] {
  const finalizers = old.metadata.finalizers ?? [];
  const policy = request.strategy.garbageCollection;
  if (policy === 'Unsupported') return finalizers;
  const others = finalizers.filter((name) => name !== ORPHAN && name !== FOREGROUND);
  const chosen = propagation(options);
  let wanted: string | undefined;
  if (chosen !== undefined) wanted = chosen === 'Orphan' ? ORPHAN : chosen === 'Foreground' ? FOREGROUND : undefined;
  else if (finalizers.includes(ORPHAN)) wanted = ORPHAN;
  else if (finalizers.includes(FOREGROUND)) wanted = FOREGROUND;
  else if (policy === 'Orphan') wanted = ORPHAN;
  const next = wanted === undefined ? others : [...others, wanted];
  return jsonEquals([...next].sort(), [...finalizers].sort()) ? finalizers : next;
}
export function propagation(options: DeleteOptions): string | undefined {
  if (options.orphanDependents !== undefined) return options.orphanDependents ? 'Orphan' : 'Background';
  return options.propagationPolicy;
}

function withFinalizers(object: KubeObject, finalizers: readonly string[]): KubeObject {
  if (
    finalizers === object.metadata.finalizers ||
    (finalizers.length === 0 && object.metadata.finalizers === undefined)
  )
    return object;
  if (finalizers.length > 0) return withMeta(object, { finalizers });
  const { finalizers: _finalizers, ...metadata } = object.metadata;
  return { ...object, metadata };
}
function withMeta(object: KubeObject, fields: Partial<ObjectMeta>): KubeObject {
  return { ...object, metadata: { ...object.metadata, ...fields } };
}
/** An object that is gone is answered by a Status, unless the kind shows its last state. */
function answered(request: Request, decided: DecidedEvent, gone: boolean): DecidedEvent {
  if (!gone || request.strategy.answersDeletionWithObject === true) return decided;
  const { plural } = request.kind.names;
  const { group } = request.spoken;
  const { name, uid } = decided.object.metadata;
  const response: JsonObject = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(group && { group }), kind: plural, uid },
  };
  return { ...decided, response };
}

function numberAt(object: JsonObject, key: string): number | undefined {
  const value = object[key];
  return typeof value === 'number' ? value : undefined;
}
function textAt(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === 'string' ? value : undefined;
}
