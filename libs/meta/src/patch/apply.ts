import { isJsonObject, type Instant, type Json, type JsonObject } from '#std';
import { isSame } from './compare.js';
import { conflictProblem, type ApplyConflict } from './conflicts.js';
import { difference, intersection, isEmptySet, recursiveDifference, union, EMPTY, type FieldSet } from './field-set.js';
import { allowedByLastApplied, withLastApplied } from './last-applied.js';
import {
  identifierOf,
  managedFieldsOf,
  readManagers,
  writeManagers,
  type ManagedSet,
  type Managers,
} from './managed-fields.js';
import { fieldSetOf } from './own-paths.js';
import {
  entryOf,
  ignoredSet,
  recordUpdate,
  takeOver,
  withoutServerFields,
  type Conflicts,
  type WriteContext,
} from './ownership.js';
import { internal, type PatchProblem } from './problem.js';
import { timeOf } from './track-update.js';
import { mergeApplied, removePaths, withNamedFields } from './typed-merge.js';
import { typingProblem } from './typed-validate.js';
import { zeroObject } from './zero.js';

export interface ServerSideApply extends WriteContext {
  /** The live object as this version shows it; undefined when the apply creates it. */
  readonly live: JsonObject | undefined;
  /** The configuration as it was sent. */
  readonly applied: JsonObject;
  readonly manager: string;
  readonly force: boolean;
  readonly now: Instant;
}
/**
 * `object` is what the apply asks for, with its managedFields: still to be read by the kind's schema, defaulted and
 * checked. `conflicts` is a 409 with its causes; `problem` any other refusal.
 */
export type Applied =
  | { readonly object: JsonObject; readonly conflicts?: undefined; readonly problem?: undefined }
  | { readonly conflicts: ApplyConflict; readonly object?: undefined; readonly problem?: undefined }
  | { readonly problem: PatchProblem; readonly object?: undefined; readonly conflicts?: undefined };

const KUBECTL = 'kubectl';
const BEFORE_FIRST_APPLY = 'before-first-apply';

/** Applies a configuration: one manager says what it wants, what it said before and leaves out goes, others are heard. */
export function serverSideApply(request: ServerSideApply): Applied {
  const refused = refusal(request);
  if (refused !== undefined) return { problem: refused };
  const live = request.live ?? zeroObject(request.shape);
  const read = readManagers(request.live);
  if (read === undefined) return { problem: undecodable('failed to decode managed fields') };
  const managers = read.size === 0 && request.live !== undefined ? ownersBefore(request, request.live) : read;
  let outcome = apply(request, live, managers, request.force);
  if ('conflicts' in outcome && request.manager === KUBECTL)
    outcome = migrate(request, live, managers, outcome.conflicts);
  if ('conflicts' in outcome) return { conflicts: conflictProblem(outcome.conflicts) };
  const written = writeManagers(outcome.object, outcome.managers);
  return { object: request.manager === KUBECTL ? withLastApplied(written, request.applied) : written };
}

function refusal({ applied, shape }: ServerSideApply): PatchProblem | undefined {
  const entries = managedFieldsOf(applied);
  if (entries !== undefined && entries !== null) {
    return { code: 400, reason: 'BadRequest', message: 'metadata.managedFields must be nil' };
  }
  const wrong = typingProblem(applied, shape);
  return wrong === undefined
    ? undefined
    : undecodable(`failed to create typed patch object (${nameOf(applied)}): ${wrong}`);
}
function undecodable(message: string): PatchProblem {
  const failed = internal<never>(message);
  return failed.ok ? failed.value : failed.problem;
}
/** `namespace/name; group/version, Kind=kind` */
function nameOf(applied: JsonObject): string {
  const metadata = isJsonObject(applied['metadata']) ? applied['metadata'] : {};
  const version = String(applied['apiVersion'] ?? '');
  const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
  const name = `${text(metadata['namespace'])}/${text(metadata['name'])}`;
  return `${name}; ${version.includes('/') ? version : `/${version}`}, Kind=${String(applied['kind'] ?? '')}`;
}

/** An object that nobody owns yet: all that is there was made before the first apply. */
function ownersBefore(request: ServerSideApply, live: JsonObject): Managers {
  const time = timeOf(request, request.now);
  return recordUpdate(zeroObject(request.shape), live, new Map(), BEFORE_FIRST_APPLY, time, request);
}

type Outcome = { readonly object: JsonObject; readonly managers: Managers } | { readonly conflicts: Conflicts };

function apply(request: ServerSideApply, live: JsonObject, managers: Managers, force: boolean): Outcome {
  const entry = entryOf(request.manager, 'Apply', request);
  const identifier = identifierOf(entry);
  const last = managers.get(identifier);
  const set = recursiveDifference(fieldSetOf(request.applied, request.shape), ignoredSet(request.ignore));
  const claimed = new Map(managers).set(identifier, { ...entry, time: last?.time, set });
  const merged = mergeApplied(live, request.applied, request.shape);
  const object = last === undefined ? merged : prune(merged, claimed, last, request);
  const changed = takeOver(live, object, claimed, identifier, request, force);
  if ('conflicts' in changed) return changed;
  const next = new Map(changed.managers);
  const mine = next.get(identifier);
  const unchanged = isSame(changed.whole);
  if (mine !== undefined) {
    const kept = withoutServerFields(mine.set);
    // An apply that changes nothing of the object leaves no time. What the kind will set back is a change here.
    const time = unchanged ? mine.time : timeOf(request, request.now);
    if (isEmptySet(kept)) next.delete(identifier);
    else next.set(identifier, { ...mine, time, set: kept });
  }
  return { object: unchanged ? live : object, managers: next };
}

/** kubectl's own client-side applies do not stand against its server-side one. */
function migrate(request: ServerSideApply, live: JsonObject, managers: Managers, conflicts: Conflicts): Outcome {
  const allowed = allowedByLastApplied(live, request.shape, request.apiVersion);
  if (allowed === undefined) return { conflicts };
  const left = new Map<string, ManagedSet>();
  for (const [identifier, entry] of conflicts) {
    const set = difference(entry.set, allowed);
    if (!isEmptySet(set)) left.set(identifier, { ...entry, set });
  }
  return left.size > 0 ? { conflicts: left } : apply(request, live, managers, true);
}

/** Removes what this applier owned by its last apply, left out of this one, and no one else owns. */
function prune(merged: JsonObject, managers: Managers, last: ManagedSet, request: ServerSideApply): JsonObject {
  if (isEmptySet(last.set)) return merged;
  const at = inVersion(merged, last.apiVersion, request);
  // What is owned in a version that is gone cannot be found in the object.
  if (at === undefined) return merged;
  const named = (set: FieldSet): FieldSet => withNamedFields(set, at.shape);
  const all = named(fieldSetOf(at.object, at.shape));
  const before = named(last.set);
  const left = (object: JsonObject): FieldSet => (object === at.object ? all : named(fieldSetOf(object, at.shape)));
  let pruned = removePaths(at.object, before, at.shape);
  const owned = named(ownedIn(last.apiVersion, managers));
  pruned = removePaths(at.object, difference(all, union(left(pruned), owned)), at.shape);
  pruned = addOwnedElsewhere(at.object, pruned, managers, last.apiVersion, request);
  const gone = intersection(difference(all, left(pruned)), before);
  const result = removePaths(at.object, gone, at.shape);
  if (last.apiVersion === request.apiVersion) return result;
  return request.convert?.(result, last.apiVersion, request.apiVersion)?.object ?? merged;
}
function ownedIn(version: string, managers: Managers): FieldSet {
  return [...managers.values()]
    .filter((entry) => entry.apiVersion === version)
    .map((entry) => entry.set)
    .reduce(union, EMPTY);
}

/** Puts back what managers who speak other versions own. */
function addOwnedElsewhere(
  merged: JsonObject,
  pruned: JsonObject,
  managers: Managers,
  prunedVersion: string,
  request: ServerSideApply,
): JsonObject {
  const versions = new Set([...managers.values()].map((entry) => entry.apiVersion));
  versions.delete(prunedVersion);
  let result = pruned;
  for (const version of versions) {
    const whole = request.convert?.(merged, prunedVersion, version);
    const part = request.convert?.(result, prunedVersion, version);
    if (whole === undefined || part === undefined) continue;
    const named = (set: FieldSet): FieldSet => withNamedFields(set, whole.shape);
    const keep = union(named(fieldSetOf(part.object, whole.shape)), named(ownedIn(version, managers)));
    const all = named(fieldSetOf(whole.object, whole.shape));
    const back = removePaths(whole.object, difference(all, keep), whole.shape);
    result = request.convert?.(back, version, prunedVersion)?.object ?? result;
  }
  return result;
}
function inVersion(
  object: JsonObject,
  version: string,
  request: ServerSideApply,
): { readonly object: JsonObject; readonly shape: WriteContext['shape'] } | undefined {
  if (version === request.apiVersion) return { object, shape: request.shape };
  return request.convert?.(object, request.apiVersion, version);
}
