import { deployments } from '#kinds';
import type { KindId, KubeObject } from '#model';
import { isJsonObject, type Json } from '#std';
import { CREWS } from '../crews.js';

/** Kinds whose objects autoscalers of worlds scale. The pods of each have its name as their label `app`. */
export const TARGETS: ReadonlySet<KindId> = new Set([deployments.id, CREWS]);

/** The size that an object of them is to have. */
export function sizeOf(object: KubeObject | undefined): number {
  const spec = object?.['spec'] as Json | undefined;
  const replicas = isJsonObject(spec) ? spec['replicas'] : undefined;
  return typeof replicas === 'number' ? replicas : 1;
}
