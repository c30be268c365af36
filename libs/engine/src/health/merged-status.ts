import type { Json, JsonObject } from '#std';
import { isJsonObject } from '#std';

/** Fields of a pod's or node's status that the agent never writes; a report that is silent about them keeps them. */
const KEPT = ['nominatedNodeName', 'resourceClaimStatuses', 'extendedResourceClaimStatus', 'qosClass', 'resize', 'ephemeralContainerStatuses'];

/**
 * A status report laid over the stored status. Conditions go by type: those that the agent reports replace their
 * namesakes in place, those of others (readiness gates, DisruptionTarget, PodScheduled) stay. Maps of a node's resources
 * are merged, because extended resources may have been patched in by somebody else.
 */
export function mergedStatus(stored: JsonObject | undefined, reported: JsonObject): JsonObject {
  const merged: Record<string, Json | undefined> = { ...reported };
  for (const field of KEPT) if (merged[field] === undefined && stored?.[field] !== undefined) merged[field] = stored[field];
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
  const fresh = new Map((reported as readonly JsonObject[]).map((condition) => [condition['type'], condition]));
  const merged: Json[] = [];
  for (const condition of stored as readonly JsonObject[]) {
    const update = fresh.get(condition['type']);
    merged.push(update ? keepTransition(condition, update) : condition);
    fresh.delete(condition['type']);
  }
  return [...merged, ...fresh.values()];
}

/** A condition whose status did not change keeps the time of its last change. */
function keepTransition(before: JsonObject, after: JsonObject): JsonObject {
  if (before['status'] !== after['status'] || before['lastTransitionTime'] === undefined) return after;
  return { ...after, lastTransitionTime: before['lastTransitionTime'] };
}
