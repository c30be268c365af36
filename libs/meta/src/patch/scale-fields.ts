import { isJsonObject, type Json, type JsonObject } from '#std';
import { difference, EMPTY, fieldElements, hasPath, isEmptySet, setOf, union } from './field-set.js';
import { identifierOf, readManagers, writeManagers, type ManagedSet } from './managed-fields.js';

const SCALE_VERSION = 'autoscaling/v1';
const REPLICAS = fieldElements(['spec', 'replicas']);

/**
 * Who owns the number of replicas, as the managedFields of a Scale: the entries of the parent that hold its replicas,
 * told in the Scale's own version and path.
 */
export function scaleManagedFields(parent: JsonObject, replicasPath: readonly string[]): Json | undefined {
  const path = fieldElements(replicasPath);
  const found = new Map<string, ManagedSet>();
  for (const entry of (readManagers(parent) ?? new Map<string, ManagedSet>()).values()) {
    if (!hasPath(entry.set, path)) continue;
    const told = { ...entry, apiVersion: SCALE_VERSION, set: setOf(REPLICAS) };
    found.set(identifierOf(told), told);
  }
  const scale = writeManagers<JsonObject>({ metadata: {} }, found);
  return isJsonObject(scale['metadata']) ? scale['metadata']['managedFields'] : undefined;
}

/** The parent after a write to its Scale: replicas belong to whom the Scale says, everything else is as it was. */
export function parentManagedFields<T extends JsonObject>(
  parent: T,
  scale: JsonObject,
  replicasPath: readonly string[],
  parentVersion: string,
): T {
  const path = setOf(fieldElements(replicasPath));
  const fromScale = new Map(readManagers(scale) ?? []);
  const next = new Map<string, ManagedSet>();
  for (const [identifier, entry] of readManagers(parent) ?? []) {
    if (!hasPath(entry.set, fieldElements(replicasPath))) next.set(identifier, entry);
    else if (fromScale.has(identifier)) {
      next.set(identifier, entry);
      fromScale.delete(identifier);
    } else {
      const rest = difference(entry.set, path);
      if (!isEmptySet(rest)) next.set(identifier, { ...entry, set: rest });
    }
  }
  for (const entry of fromScale.values()) {
    if (!hasPath(entry.set, REPLICAS)) continue;
    const told: ManagedSet = { ...entry, apiVersion: parentVersion, time: undefined, set: path };
    const identifier = identifierOf(told);
    next.set(identifier, { ...told, set: next.has(identifier) ? mergeSets(next.get(identifier), told) : told.set });
  }
  return writeManagers(parent, next);
}
function mergeSets(a: ManagedSet | undefined, b: ManagedSet): ManagedSet['set'] {
  return a === undefined || a.set === EMPTY ? b.set : union(a.set, b.set);
}
