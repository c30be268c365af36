import { parseInstant } from '#std';
import type { Instant } from '#std';
import type { ContainerStatus, Pod } from './pod.js';
import { containerRecord, withContainer } from './record.js';
import type { PodRecord, ProbeKind, ProbeState } from './record.js';
import { attemptsOf } from './situation.js';
import type { Observed, Situation } from './situation.js';
import { podStatus } from './status.js';

/** When a node first took the pod up, if it did before. */
export function startOf(pod: Pod): Instant | undefined {
  return parseInstant(pod.status?.startTime);
}

/**
 * A pod that ran before the agent was started: containers that were started and ready stay so until their probes say
 * otherwise, so that a restart of the agent is not seen by anybody.
 */
export function adopted(pod: Pod, record: PodRecord, containers: readonly Observed[]): PodRecord {
  let next = record;
  const statuses: readonly ContainerStatus[] = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
  ];
  for (const status of statuses) {
    const running = attemptsOf(containers, status.name)[0];
    if (running?.state !== 'running' || !status.containerID?.endsWith(running.id)) continue;
    const probes: Partial<Record<ProbeKind, ProbeState>> = { ...containerRecord(next, status.name).probes };
    const well = { containerId: running.id, dueAt: 0, result: 'success', run: undefined } as const;
    if (status.started) probes.startup = well;
    if (status.ready) probes.readiness = well;
    next = withContainer(next, status.name, { probes });
  }
  return next;
}

/** Everything of the pod is gone from the node: its last status is kept, the containers' ends with it. */
export function cleaned(situation: Situation): PodRecord {
  const ended: Situation = { ...situation, containers: situation.containers.filter((c) => c.labels.role !== 'infra') };
  return { ...situation.record, status: podStatus(ended), cleaned: true };
}

/** The pod must go, with its own grace period. */
export function evicted(pod: Pod, record: PodRecord, message: string, now: Instant): PodRecord {
  const graceMs = Math.max(pod.spec.terminationGracePeriodSeconds ?? 30, 1) * 1000;
  return { ...record, evicted: { reason: 'Evicted', message }, endBy: now + graceMs, endGraceMs: graceMs };
}
