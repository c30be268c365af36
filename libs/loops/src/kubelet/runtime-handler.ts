import { runtimeClasses } from '#kinds';
import type { Pod } from '#pod';
import type { Objects } from './environment.js';

/** A pod cannot be begun as it says; `FailedCreatePodSandBox` with this message. */
export class SandboxProblem extends Error {}

/**
 * Name of the runtime that the pod's runtime class stands for; undefined: the default one of the node's engine.
 * Throws a {@link SandboxProblem} if the class is not there.
 */
export function runtimeHandlerOf(pod: Pod, objects: Objects): string | undefined {
  const name = pod.spec.runtimeClassName;
  if (!name) return undefined;
  const found = objects.get(runtimeClasses, undefined, name);
  if (!found) throw new SandboxProblem(`runtimeclass.node.k8s.io ${JSON.stringify(name)} not found`);
  const { handler } = found;
  return typeof handler === 'string' && handler !== '' ? handler : undefined;
}
