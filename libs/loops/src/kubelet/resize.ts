import type { Container, Pod, ResourceRequirements } from '#pod';
import { jsonEquals } from '#std';
import { containerRecord } from './record.js';
import type { PodRecord } from './record.js';

/** The amounts that a container has now: what it was given, or what its last status says, or what its spec asks for. */
export function appliedOf(record: PodRecord, container: Container): ResourceRequirements {
  const { status } = record;
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const known = all.find((s) => s.name === container.name);
  return (
    containerRecord(record, container.name).applied ??
    (known?.containerID ? known.resources : undefined) ??
    amountsOf(container.resources)
  );
}
export function amountsOf(resources: ResourceRequirements | undefined): ResourceRequirements {
  const { limits, requests } = resources ?? {};
  return { ...(limits && { limits }), ...(requests && { requests }) };
}
/** What of the amounts is not as the pod now asks: `cpu`, `memory`. */
export function changedAmounts(record: PodRecord, container: Container): readonly string[] {
  const applied = appliedOf(record, container);
  const wanted = amountsOf(container.resources);
  return ['cpu', 'memory'].filter(
    (name) =>
      !jsonEquals(applied.limits?.[name] ?? null, wanted.limits?.[name] ?? null) ||
      !jsonEquals(applied.requests?.[name] ?? null, wanted.requests?.[name] ?? null),
  );
}
export function isResizing(pod: Pod, record: PodRecord): boolean {
  return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].some((c) => changedAmounts(record, c).length > 0);
}
export function resizeNeedsRestart(container: Container, changed: readonly string[]): boolean {
  return changed.some((name) =>
    container.resizePolicy?.some((p) => p.resourceName === name && p.restartPolicy === 'RestartContainer'),
  );
}
