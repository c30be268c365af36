import { initContainersOf, isSidecar, isTerminal, lastStateOf, podInWords, qosClass, stateOf } from '#pod';
import type {
  Container,
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  PodStatus,
  VolumeMount,
} from '#pod';
import { toTime } from '#std';
import type { Instant } from '#std';
import { conditionsOf } from './conditions.js';
import { endOf, observedGenerationOf, oldStatus, terminatedOf } from './ends.js';
import { phaseOf } from './phase.js';
import { isReady } from './probes.js';
import { containerRecord } from './record.js';
import { appliedOf } from './resize.js';
import { crashLoopMessage, restartAt, restarts } from './restarts.js';

import { attemptsOf, hasStarted, podIpsOf } from './situation.js';
import type { Observed, Situation } from './situation.js';

const SHOW_END_MS = 2000;

/** The pod's status as this node sees it now. */
export function podStatus(situation: Situation): PodStatus {
  const { pod, record, node } = situation;
  const previous = record.status;
  if (record.failed && record.refused) return refusedStatus(situation);
  const initContainerStatuses = initContainersOf(pod).map((c) => containerStatus(situation, c, true));
  const containerStatuses = pod.spec.containers.map((c) => containerStatus(situation, c, false));
  // One that was added after the pod had ended is never started.
  const looks = (pod.spec.ephemeralContainers ?? []).filter(
    (c) => !isTerminal(previous.phase) || oldStatus(situation, c.name),
  );
  const ephemeral = looks.map((c) => withoutStarted(containerStatus(situation, c, false)));
  const phase = settledPhase(situation, phaseOf({ situation, initContainerStatuses, containerStatuses }));
  const ips = podIpsOf(situation);
  const podIPs = ips.length > 0 ? ips.map((ip) => ({ ip })) : (previous.podIPs ?? []);
  const failed = phase === 'Failed' ? (record.failed ?? record.evicted) : undefined;
  const finalStatuses = (statuses: readonly ContainerStatus[]): readonly ContainerStatus[] =>
    isTerminal(phase) ? statuses.map(withoutLastOfEnded) : statuses;
  const shown: PodStatus = {
    observedGeneration: observedGenerationOf(situation),
    phase,
    ...(failed && { reason: failed.reason, message: failed.message }),
    ...(node.hostIps[0] && { hostIP: node.hostIps[0], hostIPs: node.hostIps.map((ip) => ({ ip })) }),
    ...(podIPs[0] && { podIP: podIPs[0].ip, podIPs }),
    startTime: toTime(record.startedAt),
    ...(initContainerStatuses.length > 0 && { initContainerStatuses: finalStatuses(initContainerStatuses) }),
    containerStatuses: byName(finalStatuses(containerStatuses)),
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: byName(ephemeral) }),
    qosClass: pod.status?.qosClass ?? qosClass(pod),
  };
  return { ...shown, conditions: conditionsOf(situation, shown) };
}

function refusedStatus({ pod, record }: Situation): PodStatus {
  return {
    phase: 'Failed',
    reason: record.failed?.reason ?? '',
    message: record.failed?.message ?? '',
    startTime: toTime(record.startedAt),
    observedGeneration: pod.metadata.generation ?? 1,
    qosClass: pod.status?.qosClass ?? qosClass(pod),
    ...(pod.status?.conditions && { conditions: pod.status.conditions }),
  };
}

/** A pod never leaves its end; one that is being stopped for good ends once nothing runs. */
function settledPhase(situation: Situation, phase: string): string {
  const { record, pod, containers } = situation;
  if (isTerminal(record.status.phase) && record.status.phase) return record.status.phase;
  const running =
    containers.some((c) => c.state === 'running' && c.labels.role !== 'infra') ||
    [...situation.busy].some((key) => key.startsWith('making:'));
  const stopped = record.endBy !== undefined && !running;
  if (record.failed) return stopped || containers.length === 0 ? 'Failed' : phase;
  const deleting = situation.gone || pod.metadata.deletionTimestamp !== undefined;
  if (!(deleting || record.evicted) || !stopped || isTerminal(phase)) return phase;
  return 'Failed';
}

function containerStatus(situation: Situation, container: Container, init: boolean): ContainerStatus {
  const { record, containers, node } = situation;
  const [current, before] = attemptsOf(containers, container.name);
  const old = oldStatus(situation, container.name);
  const state = stateNow(situation, container, current, old);
  const waitsAgain = state.waiting !== undefined && current?.state === 'exited';
  const last = waitsAgain
    ? terminatedOf(situation, current)
    : before
      ? terminatedOf(situation, before)
      : lastOf(current, old);
  const id =
    current && (current.state === 'running' || current.state === 'exited')
      ? `${node.scheme}://${current.id}`
      : current
        ? undefined
        : old?.containerID;
  const made = current !== undefined ? current.state !== 'created' : old?.containerID !== undefined;
  const end = state.terminated;
  const ready = init && !isSidecar(container) ? end?.exitCode === 0 : isReady(record, container, current);
  const resources = appliedOf(record, container);
  const mounts = mountsOf(container);
  return {
    name: container.name,
    state,
    lastState: last ? { terminated: last } : {},
    ready,
    restartCount: current?.labels.attempt ?? old?.restartCount ?? 0,
    image: container.image ?? '',
    imageID: made ? (current?.imageId ?? old?.imageID ?? '') : '',
    ...(id && { containerID: id }),
    started: hasStarted(container, record, current),
    ...(made && resources.requests && { allocatedResources: resources.requests }),
    ...(made && { resources }),
    ...(made && mounts.length > 0 && { volumeMounts: mounts }),
  };
}

/** Init containers stand in their order, all others by name. */
function byName(statuses: readonly ContainerStatus[]): readonly ContainerStatus[] {
  return [...statuses].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
function withoutStarted(status: ContainerStatus): ContainerStatus {
  const { started: _started, ...rest } = status;
  return rest;
}
/** Once the pod has ended, only the last end of each container is kept. */
function withoutLastOfEnded(status: ContainerStatus): ContainerStatus {
  return stateOf(status).terminated ? { ...status, lastState: {} } : status;
}
function lastOf(current: Observed | undefined, old: ContainerStatus | undefined): ContainerStateTerminated | undefined {
  if (current && old && old.restartCount === current.labels.attempt - 1)
    return stateOf(old).terminated ?? lastStateOf(old).terminated;
  return lastStateOf(old).terminated;
}
function stateNow(
  situation: Situation,
  container: Container,
  current: Observed | undefined,
  old: ContainerStatus | undefined,
): ContainerState {
  const { record, now } = situation;
  const known = containerRecord(record, container.name);
  if (current?.state === 'running') {
    const hooking = known.postStart === 'running' && known.postStartFor === current.id;
    if (!hooking) return { running: { startedAt: toTime(current.startedAt ?? current.createdAt) } };
    return { waiting: { reason: defaultWaiting(situation) } };
  }
  const end = endOf(situation, container.name);
  const shown = known.problem && waitingFor(known.problem, now, container);
  if (!end) return { waiting: shown ?? { reason: defaultWaiting(situation) } };
  const ending = record.endBy !== undefined || record.failed !== undefined;
  if (ending || !restarts(situation.pod, container, end.exitCode)) return { terminated: end.terminated };
  if (shown) return { waiting: shown };
  const at = restartAt(known.restart, end.finishedAt);
  const served = known.restartFor === end.attempt + 1;
  if (!served && at > now && now - end.finishedAt >= SHOW_END_MS) {
    return {
      waiting: {
        reason: 'CrashLoopBackOff',
        message: crashLoopMessage(known.restart, container.name, podInWords(situation.pod)),
      },
    };
  }
  return stateOf(old).waiting && !current ? stateOf(old) : { terminated: end.terminated };
}
function defaultWaiting(situation: Situation): string {
  return initContainersOf(situation.pod).length > 0 ? 'PodInitializing' : 'ContainerCreating';
}

/** An image that could not be pulled is first shown as that, then as waiting for the next try. */
function waitingFor(
  problem: { readonly reason: string; readonly message: string; readonly at: Instant },
  now: Instant,
  container: Container,
): { reason: string; message: string } {
  if (problem.reason === 'ErrImagePull' && now - problem.at >= SHOW_END_MS) {
    return {
      reason: 'ImagePullBackOff',
      message: `Back-off pulling image "${container.image ?? ''}": ErrImagePull: ${problem.message}`,
    };
  }
  return { reason: problem.reason, message: problem.message };
}

function mountsOf(container: Container): readonly VolumeMount[] {
  return (container.volumeMounts ?? []).map((m) => ({
    name: m.name,
    mountPath: m.mountPath,
    ...(m.readOnly && {
      readOnly: true,
      recursiveReadOnly: m.recursiveReadOnly === 'Enabled' ? 'Enabled' : 'Disabled',
    }),
  }));
}
