import type { ObjectMeta } from '#model';

/**
 * The annotation in which the loop keeps what it has recommended lately. Only writes of the status change it: a client that replaces
 * the object must not make it forget, and a copy of the object has no past.
 */
export const AUTOSCALER_MEMORY = 'shiplog.io/autoscaler-memory';

/** The metadata with the memory of another one, or with none. */
export function withMemoryOf(metadata: ObjectMeta, old: ObjectMeta | undefined): ObjectMeta {
  const kept = old?.annotations?.[AUTOSCALER_MEMORY];
  if (metadata.annotations?.[AUTOSCALER_MEMORY] === kept) return metadata;
  const { annotations: given = {}, ...rest } = metadata;
  const { [AUTOSCALER_MEMORY]: _written, ...others } = given;
  const annotations = kept === undefined ? others : { ...others, [AUTOSCALER_MEMORY]: kept };
  return Object.keys(annotations).length > 0 ? { ...rest, annotations } : rest;
}
