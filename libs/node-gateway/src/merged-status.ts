import type { Json, JsonObject } from '#std';
import { isJsonObject } from '#std';

/** Fields of a pod's or node's status that are not a node's to say: a report changes nothing of them. */
const OTHERS = [
  'nominatedNodeName',
  'resourceClaimStatuses',
  'extendedResourceClaimStatus',
  'volumesAttached',
  'config',
];
/** Fields that a report may be silent about; they are kept then. */
const KEPT = ['qosClass', 'resize', 'ephemeralContainerStatuses'];

/**
 * A status report laid over the stored status. Conditions go by type: those of others (readiness gates, DisruptionTarget)
 * stay and stand first, those that the agent reports follow in its order. Maps of a node's resources
 * are merged, because extended resources may have been patched in by somebody else.
 */
export function mergedStatus(stored: JsonObject | undefined, reported: JsonObject): JsonObject {
  const merged: Record<string, Json | undefined> = { ...reported };
  for (const field of OTHERS) {
    delete merged[field];
    if (stored?.[field] !== undefined) merged[field] = stored[field];
  }
  for (const field of KEPT)
    if (merged[field] === undefined && stored?.[field] !== undefined) merged[field] = stored[field];
  const conditions = mergedConditions(stored?.['conditions'], reported['conditions']);
  if (conditions) merged['conditions'] = conditions;
  for (const field of ['capacity', 'allocatable']) {
    const before = stored?.[field];
    const after = reported[field];
    if (isJsonObject(before) && isJsonObject(after)) merged[field] = { ...before, ...after };
  }
  return merged;
}

function mergedConditions(stored: Json | undefined, reported: Json | undefined): readonly Json[] | undefined {
  if (!Array.isArray(stored)) return Array.isArray(reported) ? (reported as readonly Json[]) : undefined;
  if (!Array.isArray(reported)) return stored as readonly Json[];
  const before = new Map((stored as readonly JsonObject[]).map((condition) => [condition['type'], condition]));
  const fresh = (reported as readonly JsonObject[]).map((condition) => {
    const known = before.get(condition['type']);
    before.delete(condition['type']);
    return known ? keepTransition(known, condition) : condition;
  });
  // Those that only the agent sets are gone when it is silent about them.
  const others = [...before.values()].filter((condition) => !String(condition['type']).startsWith('PodResize'));
  const first = fresh.filter((condition) => String(condition['type']).startsWith('PodResize'));
  return [...first, ...others, ...fresh.filter((condition) => !first.includes(condition))];
}

/** A condition whose status did not change keeps the time of its last change. */
function keepTransition(before: JsonObject, after: JsonObject): JsonObject {
  if (before['status'] !== after['status'] || before['lastTransitionTime'] === undefined) return after;
  return { ...after, lastTransitionTime: before['lastTransitionTime'] };
}

/** A merge patch that turns the one into the other: what is absent in `after` is set to null. */
export function replaced(before: JsonObject, after: JsonObject): JsonObject {
  const patch: Record<string, Json | undefined> = { ...after };
  for (const key of Object.keys(before)) if (after[key] === undefined) patch[key] = null;
  return patch;
}
