import type { ContainerLabels, ContainerRole } from '#ports';

const PREFIX = 'io.shiplog.';
/** On an infra container only, if its pod named a runtime: the containers that join it later run by the same. */
export const HANDLER_LABEL = `${PREFIX}pod.runtime-handler`;
/** Names of the labels, one for each fact of {@link ContainerLabels}. */
export const labelNames = {
  cluster: `${PREFIX}cluster`,
  node: `${PREFIX}node`,
  namespace: `${PREFIX}pod.namespace`,
  pod: `${PREFIX}pod.name`,
  uid: `${PREFIX}pod.uid`,
  container: `${PREFIX}container.name`,
  role: `${PREFIX}container.role`,
  attempt: `${PREFIX}container.attempt`,
  specHash: `${PREFIX}container.hash`,
} as const;

export function toLabels(labels: ContainerLabels): Record<string, string> {
  return {
    [labelNames.cluster]: labels.cluster,
    [labelNames.node]: labels.node,
    [labelNames.namespace]: labels.namespace,
    [labelNames.pod]: labels.pod,
    [labelNames.uid]: labels.uid,
    [labelNames.container]: labels.container,
    [labelNames.role]: labels.role,
    [labelNames.attempt]: String(labels.attempt),
    [labelNames.specHash]: labels.specHash,
  };
}
export function fromLabels(labels: Readonly<Record<string, string>>): ContainerLabels {
  return {
    cluster: labels[labelNames.cluster] ?? '',
    node: labels[labelNames.node] ?? '',
    namespace: labels[labelNames.namespace] ?? '',
    pod: labels[labelNames.pod] ?? '',
    uid: labels[labelNames.uid] ?? '',
    container: labels[labelNames.container] ?? '',
    role: (labels[labelNames.role] ?? 'app') as ContainerRole,
    attempt: Number(labels[labelNames.attempt] ?? 0),
    specHash: labels[labelNames.specHash] ?? '',
  };
}
/** One name for one attempt: making it twice is refused by the engine, which makes making it again harmless. */
export function containerName(labels: ContainerLabels): string {
  return `shiplog_${labels.container}_${labels.pod}_${labels.namespace}_${labels.uid}_${labels.attempt}`;
}
