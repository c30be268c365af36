import type { KubeObject } from '../kube-object.js';
import { isRefusal, type Refusal } from '../refusal.js';
import type { StrategyContext } from './strategy.js';

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** A write on its way: what admission may look at. */
export interface Admitted extends StrategyContext {
  readonly operation: AdmissionOperation;
  /** The object as it would be stored; of a delete the one that goes. */
  readonly object: KubeObject;
  readonly old: KubeObject | undefined;
  readonly subresource: string | undefined;
}

/** One rule of admission: pure, asked for every write of every kind, in the order of the registry's list. */
export interface AdmissionPlugin {
  readonly name: string;
  /** May change the object before it is validated, or refuse. Returns the same object when it has nothing to say. */
  mutate?(request: Admitted): KubeObject | Refusal;
  /** Asked after validation, about the object as it would be stored. */
  validate?(request: Admitted): Refusal | undefined;
  warnings?(request: Admitted): readonly string[];
}

export function mutateAll(plugins: readonly AdmissionPlugin[], request: Admitted): KubeObject | Refusal {
  let object = request.object;
  for (const plugin of plugins) {
    if (!plugin.mutate) continue;
    const result = plugin.mutate(object === request.object ? request : { ...request, object });
    if (isRefusal(result)) return result;
    object = result;
  }
  return object;
}

export function validateAll(plugins: readonly AdmissionPlugin[], request: Admitted): Refusal | undefined {
  for (const plugin of plugins) {
    const refusal = plugin.validate?.(request);
    if (refusal) return refusal;
  }
  return undefined;
}

export function admissionWarnings(plugins: readonly AdmissionPlugin[], request: Admitted): readonly string[] {
  return plugins.flatMap((plugin) => plugin.warnings?.(request) ?? []);
}
