import type { Accepted, DecidedEvent, KubeObject } from '#model';
import type { JsonObject } from '#std';
import { isJsonObject } from '#std';

/** The answer to a command that was taken. `folded`: the object as reads show it, when that is the newest state. */
export function accepted(decided: DecidedEvent, position: number, changed: boolean, folded?: KubeObject): Accepted {
  const { object, created, deleted, warnings, auditAnnotations, response } = decided;
  // Dry runs of creations have no position of their own: Kubernetes shows no resourceVersion there.
  const resourceVersion = changed || !created ? { resourceVersion: String(position) } : {};
  return {
    object: folded ?? { ...object, metadata: stamped({ ...object.metadata, ...resourceVersion }) },
    created,
    deleted,
    position,
    changed,
    warnings,
    ...(auditAnnotations && { auditAnnotations }),
    ...(response && { response: stampedResponse(response, object, resourceVersion) }),
  };
}

/** An answer that shows the object in another form (a Scale) carries its version too. */
function stampedResponse(response: JsonObject, object: KubeObject, resourceVersion: object): JsonObject {
  const { metadata } = response;
  if (!isJsonObject(metadata) || metadata['uid'] !== object.metadata.uid) return response;
  return { ...response, metadata: stamped({ ...metadata, ...resourceVersion }) };
}

/** Keys in canonical order again after resourceVersion was added. */
function stamped<T extends object>(metadata: T): T {
  const source = metadata as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(source)
      .sort()
      .map((key) => [key, source[key]]),
  ) as T;
}
