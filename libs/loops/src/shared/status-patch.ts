import { isJsonObject, jsonEquals, type Json, type JsonObject } from '#std';
import type { KindRef, KubeObject, Submit } from '#model';
import { patch, streamOfObject } from './submit.js';

/** The merge patch that turns one map of fields into another; undefined when they are equal. Lists count as one value. */
export function mergeDiff(from: object | undefined, to: object): JsonObject | undefined {
  const before = (from ?? {}) as JsonObject;
  const after = to as JsonObject;
  const diff: Record<string, Json | undefined> = {};
  for (const key of Object.keys(before)) {
    if (before[key] !== undefined && before[key] !== null && after[key] === undefined) diff[key] = null;
  }
  for (const key of Object.keys(after)) {
    const [was, is] = [before[key], after[key]];
    if (is === undefined || jsonEquals(was, is)) continue;
    // A merge patch goes into objects: what one has no more has to be said to go.
    const change = isJsonObject(was) && isJsonObject(is) ? mergeDiff(was, is) : is;
    if (change !== undefined) diff[key] = change;
  }
  return Object.keys(diff).length > 0 ? diff : undefined;
}

/** A write of `status`, or nothing when it says so already. */
export function reportStatus<S extends object>(
  ref: KindRef,
  object: KubeObject & { readonly status?: S },
  status: S,
  options: { readonly because: string; readonly chained?: boolean; readonly alsoBasedOn?: readonly string[] },
): readonly Submit[] {
  const diff = mergeDiff(object.status, status);
  if (!diff) return [];
  const body = { status: diff };
  const { because, chained, alsoBasedOn = [] } = options;
  const basedOn = [streamOfObject(ref, object), ...alsoBasedOn];
  return [patch(ref, object, body, { subresource: 'status', because, ...(!chained && { basedOn }) })];
}
