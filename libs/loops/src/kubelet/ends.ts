import { initContainersOf, isSidecar, isTerminal, lastStateOf, stateOf } from '#pod';
import type { ContainerStateTerminated, ContainerStatus } from '#pod';
import { parseInstant, toTime } from '#std';
import type { Instant } from '#std';
import { containerRecord } from './record.js';
import { restarts } from './restarts.js';
import { attemptsOf, hasStarted } from './situation.js';
import type { Observed, Situation } from './situation.js';
import { datedBy } from './wall-step.js';

export interface ContainerEnd {
  readonly exitCode: number;
  readonly finishedAt: Instant;
  readonly attempt: number;
  readonly terminated: ContainerStateTerminated;
}
/** How the newest attempt ended; what the status says where the engine has forgotten it. Undefined while it has not. */
export function endOf(situation: Situation, name: string): ContainerEnd | undefined {
  const newest = attemptsOf(situation.containers, name)[0];
  if (newest) {
    if (newest.state !== 'exited') return undefined;
    const terminated = terminatedOf(situation, newest);
    return {
      exitCode: terminated.exitCode,
      finishedAt: datedBy(newest.finishedAt ?? newest.createdAt, situation.now),
      attempt: newest.labels.attempt,
      terminated,
    };
  }
  const old = oldStatus(situation, name);
  if (!old) return undefined;
  const terminated =
    stateOf(old).terminated ?? (stateOf(old).running ? vanished(situation, old) : lastStateOf(old).terminated);
  if (!terminated) return undefined;
  return {
    exitCode: terminated.exitCode,
    finishedAt: datedBy(parseInstant(terminated.finishedAt) ?? situation.record.startedAt, situation.now),
    attempt: old.restartCount,
    terminated,
  };
}
function vanished(situation: Situation, old: ContainerStatus): ContainerStateTerminated {
  return {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
    startedAt: stateOf(old).running?.startedAt ?? toTime(situation.now),
    finishedAt: toTime(situation.now),
    ...(old.containerID && { containerID: old.containerID }),
  };
}
export function terminatedOf(situation: Situation, end: Observed): ContainerStateTerminated {
  const exitCode = end.startError !== undefined ? 128 : (end.exitCode ?? 0);
  const reason =
    end.startError !== undefined ? 'StartError' : end.oomKilled ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
  const message = end.startError ?? end.message;
  return {
    exitCode,
    reason,
    ...(message && { message }),
    startedAt: end.startError !== undefined ? toTime(0) : toTime(end.startedAt ?? end.createdAt),
    finishedAt: toTime(end.finishedAt ?? end.createdAt),
    containerID: `${situation.node.scheme}://${end.id}`,
  };
}

/** The generation that the status is about: one that ended hears of no later change but its deletion. */
export function observedGenerationOf({ pod, record }: Pick<Situation, 'pod' | 'record'>): number {
  const { phase, observedGeneration } = record.status;
  const settled = isTerminal(phase) && pod.metadata.deletionTimestamp === undefined;
  return (settled ? observedGeneration : undefined) ?? pod.metadata.generation ?? 1;
}

/** True once every init container succeeded and every sidecar has started, or an app container ever ran. */
export function isInitialized(situation: Situation): boolean {
  const { pod, record, containers } = situation;
  const ran = pod.spec.containers.some((c) => {
    const newest = attemptsOf(containers, c.name)[0];
    return newest ? newest.state !== 'created' : oldStatus(situation, c.name)?.containerID !== undefined;
  });
  if (ran) return true;
  return initContainersOf(pod).every((c) =>
    isSidecar(c) ? hasStarted(c, record, attemptsOf(containers, c.name)[0]) : endOf(situation, c.name)?.exitCode === 0,
  );
}

/** True when the pod's work is done: every app container has ended for good, only sidecars may still run. */
export function appsEnded(situation: Situation): boolean {
  const { pod, record } = situation;
  return pod.spec.containers.every((container) => {
    const end = endOf(situation, container.name);
    const newest = attemptsOf(situation.containers, container.name)[0];
    const again = newest !== undefined && containerRecord(record, container.name).again === newest.id;
    return end !== undefined && !again && !restarts(pod, container, end.exitCode);
  });
}

/** What the record's status says of a container. */
export function oldStatus(situation: Situation, name: string): ContainerStatus | undefined {
  const { status } = situation.record;
  const all = [
    ...(status.initContainerStatuses ?? []),
    ...(status.containerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ];
  return all.find((s) => s.name === name);
}
