import type { Accepted, Command, DecidedEvent, KubeObject, Served } from '#model';
import type { JsonObject } from '#std';
import { canonical, isJsonObject } from '#std';

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

/** The answer to a create of a virtual resource, decided at a position that no event of it has. */
export function servedAnswer(decided: Served, { subresource }: Command, position: number): Accepted {
  const { warnings, auditAnnotations } = decided;
  const object = canonical(decided.served);
  return {
    object,
    ...{ created: true, deleted: false, position, changed: false, warnings },
    ...(auditAnnotations && { auditAnnotations }),
    ...(subresource !== undefined && { response: object as unknown as JsonObject }),
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
