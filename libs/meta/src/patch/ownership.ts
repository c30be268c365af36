import type { JsonObject } from '#std';
import { compareObjects, isSame, SAME, type Comparison } from './compare.js';
import {
  difference,
  EMPTY,
  fieldElements,
  intersection,
  isEmptySet,
  recursiveDifference,
  setOf,
  union,
  type FieldSet,
} from './field-set.js';
import { identifierOf, secondsOf, type ManagedSet, type Managers } from './managed-fields.js';
import type { Shape } from './shape.js';

/** What a write is made in: the version and subresource that its entry will name. */
export interface WriteContext {
  readonly shape: Shape;
  readonly apiVersion: string;
  readonly subresource?: string | undefined;
  /** Paths that this write cannot change, whatever it says: `status` for the main resource, `spec` for /status. */
  readonly ignore?: readonly (readonly string[])[] | undefined;
  /** The object as another version shows it; undefined for a version that is not (or no longer) served. */
  readonly convert?: Convert | undefined;
}
export type Convert = (
  object: JsonObject,
  from: string,
  to: string,
) => { readonly object: JsonObject; readonly shape: Shape } | undefined;

export interface Changed {
  readonly managers: Managers;
  readonly comparison: Comparison;
  /** With the fields that the kind ignores in this write. */
  readonly whole: Comparison;
}
/** What others own and this write would change: by identifier. */
export type Conflicts = ReadonlyMap<string, ManagedSet>;

/**
 * Takes from all managers but the writer what the write changes or removes. Without force, what an other manager would
 * lose is a conflict instead.
 */
export function takeOver(
  before: JsonObject,
  after: JsonObject,
  managers: Managers,
  writer: string | undefined,
  context: WriteContext,
  force: boolean,
): Changed | { readonly conflicts: Conflicts } {
  const whole = compareObjects(before, after, context.shape);
  const comparison = withoutIgnored(whole, context.ignore);
  const versions = new Map<string, Comparison | undefined>([[context.apiVersion, comparison]]);
  const next = new Map<string, ManagedSet>();
  const conflicts = new Map<string, ManagedSet>();
  for (const [identifier, entry] of managers) {
    if (identifier === writer) {
      if (!isEmptySet(entry.set)) next.set(identifier, entry);
      continue;
    }
    const { apiVersion } = entry;
    if (!versions.has(apiVersion)) versions.set(apiVersion, compareIn(before, after, apiVersion, context));
    const seen = versions.get(apiVersion);
    // A version that is not served any more: no one can speak for this entry.
    if (seen === undefined) continue;
    const lost = isSame(seen) ? EMPTY : intersection(entry.set, union(seen.modified, seen.added));
    if (!isEmptySet(lost)) conflicts.set(identifier, { ...entry, set: lost });
    const left = isSame(seen) ? entry.set : difference(difference(entry.set, lost), seen.removed);
    if (!isEmptySet(left)) next.set(identifier, left === entry.set ? entry : { ...entry, set: left });
  }
  return !force && conflicts.size > 0 ? { conflicts } : { managers: next, comparison, whole };
}

function compareIn(
  before: JsonObject,
  after: JsonObject,
  version: string,
  context: WriteContext,
): Comparison | undefined {
  const old = context.convert?.(before, context.apiVersion, version);
  const next = context.convert?.(after, context.apiVersion, version);
  if (old === undefined || next === undefined) return undefined;
  return withoutIgnored(compareObjects(old.object, next.object, next.shape), context.ignore);
}

/** Gives an updater what its write changed. The entry's time moves only when it came to own something. */
export function recordUpdate(
  before: JsonObject,
  after: JsonObject,
  managers: Managers,
  manager: string,
  time: string | undefined,
  context: WriteContext,
): Managers {
  const entry = entryOf(manager, 'Update', context);
  const identifier = identifierOf(entry);
  const changed = takeOver(before, after, managers, undefined, context, true);
  if ('conflicts' in changed) return managers;
  const { comparison } = changed;
  const gained = withoutServerFields(union(comparison.modified, comparison.added));
  const next = new Map(changed.managers);
  if (!isEmptySet(gained)) {
    const owned = next.get(identifier)?.set ?? EMPTY;
    next.set(identifier, { ...entry, time, set: union(gained, owned) });
  }
  return foldOldUpdates(next);
}

export function entryOf(
  manager: string,
  operation: 'Apply' | 'Update',
  context: WriteContext,
): Omit<ManagedSet, 'set' | 'time'> {
  return { manager, operation, apiVersion: context.apiVersion, subresource: context.subresource ?? '' };
}

const SERVER_FIELDS = setOf(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => fieldElements(['metadata', name])),
);
/** What no manager can own: names, and what the server alone sets. */
export function withoutServerFields(set: FieldSet): FieldSet {
  return difference(set, SERVER_FIELDS);
}

const ignoredSets = new WeakMap<object, FieldSet>();
export function ignoredSet(ignore: WriteContext['ignore']): FieldSet {
  if (ignore === undefined || ignore.length === 0) return EMPTY;
  let set = ignoredSets.get(ignore);
  if (set === undefined) {
    set = setOf(...ignore.map(fieldElements));
    ignoredSets.set(ignore, set);
  }
  return set;
}
export function withoutIgnored(comparison: Comparison, ignore: WriteContext['ignore']): Comparison {
  const ignored = ignoredSet(ignore);
  if (isEmptySet(ignored) || isSame(comparison)) return comparison;
  const rest = {
    added: recursiveDifference(comparison.added, ignored),
    modified: recursiveDifference(comparison.modified, ignored),
    removed: recursiveDifference(comparison.removed, ignored),
  };
  return isEmptySet(rest.added) && isEmptySet(rest.modified) && isEmptySet(rest.removed) ? SAME : rest;
}

const UPDATERS_MAX = 10;
const FOLDED_INTO = 'ancient-changes';

/** Keeps the list short: beyond ten updaters, the oldest of one version are folded into one entry. */
function foldOldUpdates(managers: Managers): Managers {
  const updaters = [...managers.entries()].filter(([, entry]) => entry.operation === 'Update');
  if (updaters.length <= UPDATERS_MAX) return managers;
  updaters.sort(([a, x], [b, y]) => secondsOf(x.time) - secondsOf(y.time) || (a < b ? -1 : 1));
  const next = new Map(managers);
  const firstOf = new Map<string, string>();
  let count = updaters.length;
  for (const [identifier, entry] of updaters) {
    if (count <= UPDATERS_MAX) break;
    const { apiVersion } = entry;
    const first = firstOf.get(apiVersion);
    if (first === undefined) {
      firstOf.set(apiVersion, identifier);
      continue;
    }
    const folded = { manager: FOLDED_INTO, operation: 'Update', apiVersion, subresource: '' } as const;
    const bucket = identifierOf(folded);
    const base = next.get(bucket) ?? next.get(first);
    if (!next.has(bucket)) next.delete(first);
    next.set(bucket, { ...folded, time: entry.time, set: union(entry.set, base?.set ?? EMPTY) });
    next.delete(identifier);
    count--;
  }
  return next;
}
