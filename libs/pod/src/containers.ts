import type { Container, EphemeralContainer, Pod } from './schema/index.js';

/** A container that is started in order before the others and stays: an init container that always restarts. */
export function isSidecar(container: Pick<Container, 'restartPolicy'>): boolean {
  return container.restartPolicy === 'Always';
}
export function initContainersOf(pod: Pod): readonly Container[] {
  return pod.spec.initContainers ?? [];
}
/** Containers that run as long as the pod does: its own and its sidecars. */
export function lastingContainersOf(pod: Pod): readonly Container[] {
  return [...pod.spec.containers, ...initContainersOf(pod).filter(isSidecar)];
}
/** In the order in which they may start; an ephemeral container has all that a container has that is not its pod's to say. */
export function allContainersOf(pod: Pod): readonly (Container | EphemeralContainer)[] {
  return [...initContainersOf(pod), ...pod.spec.containers, ...(pod.spec.ephemeralContainers ?? [])];
}
export function isInit(pod: Pod, name: string): boolean {
  return initContainersOf(pod).some((c) => c.name === name);
}
export function containerOf(pod: Pod, name: string): Container | EphemeralContainer | undefined {
  return allContainersOf(pod).find((c) => c.name === name);
}
/** `spec.containers{c}`, as events point at a container. */
export function fieldPathOf(pod: Pod, name: string): string {
  if (isInit(pod, name)) return `spec.initContainers{${name}}`;
  const ephemeral = pod.spec.ephemeralContainers?.some((c) => c.name === name);
  return `spec.${ephemeral ? 'ephemeralContainers' : 'containers'}{${name}}`;
}
/** `web_default(0c33…)`, as messages name a pod. */
export function podInWords(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid})`;
}
