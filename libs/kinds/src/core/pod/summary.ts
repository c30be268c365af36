import { hasEnded } from '#pod';
import type { Pod, ContainerStatus } from '#pod';
import { items } from '../../validation/checks.js';

/** What the table says of a pod: how many containers are ready, the word for its state, its restarts. */
export interface PodSummary {
  readonly ready: number;
  readonly total: number;
  readonly reason: string;
  readonly restarts: number;
  readonly lastRestart: string | undefined;
}

export function podSummary(pod: Pod): PodSummary {
  const initial = initReason(pod);
  const isInitialized = pod.status?.conditions?.some((c) => c.type === 'Initialized' && c.status === 'True') === true;
  const sidecars = (pod.spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always');
  // A bookmark of a watch shows a pod of which nothing is known.
  const total = items(pod.spec.containers).length + sidecars.length;
  if (initial.initializing && !isInitialized) {
    return { ...initial.all, ready: initial.ready, total, reason: overruled(pod, initial.reason) };
  }
  const main = mainReason(pod, initial.reason);
  return {
    restarts: initial.sidecars.restarts + main.restarts,
    lastRestart: later(initial.sidecars.lastRestart, main.lastRestart),
    ready: initial.ready + main.ready,
    total,
    reason: overruled(pod, main.reason),
  };
}

/** A pod that is going says so, unless it is over anyway. */
function overruled(pod: Pod, reason: string): string {
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  if (pod.status?.reason === 'NodeLost') return 'Unknown';
  return hasEnded(pod) ? reason : 'Terminating';
}

interface Restarts {
  readonly restarts: number;
  readonly lastRestart: string | undefined;
}
interface Initial {
  readonly reason: string;
  readonly initializing: boolean;
  readonly ready: number;
  readonly all: Restarts;
  readonly sidecars: Restarts;
}

function initReason(pod: Pod): Initial {
  const { status } = pod;
  const isGated = status?.conditions?.some((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated');
  let reason = isGated ? 'SchedulingGated' : status?.reason || status?.phase || '';
  const initContainers = pod.spec.initContainers ?? [];
  const isSidecar = (name: string): boolean =>
    initContainers.some((c) => c.name === name && c.restartPolicy === 'Always');
  let all: Restarts = { restarts: 0, lastRestart: undefined };
  let sidecars = all;
  let ready = 0;
  for (const [i, container] of (status?.initContainerStatuses ?? []).entries()) {
    all = counted(all, container);
    if (isSidecar(container.name)) sidecars = counted(sidecars, container);
    if (container.state?.terminated?.exitCode === 0) continue;
    if (isSidecar(container.name) && container.started === true) {
      if (container.ready) ready++;
      continue;
    }
    const { terminated, waiting } = container.state ?? {};
    if (terminated) reason = `Init:${terminated.reason || ended(terminated)}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') reason = `Init:${waiting.reason}`;
    else reason = `Init:${i}/${initContainers.length}`;
    return { reason, initializing: true, ready, all, sidecars };
  }
  return { reason, initializing: false, ready, all, sidecars };
}

function mainReason(pod: Pod, initial: string): Restarts & { readonly ready: number; readonly reason: string } {
  let reason = initial;
  let counts: Restarts = { restarts: 0, lastRestart: undefined };
  let ready = 0;
  let isAnyRunning = false;
  let isAnyFailed = false;
  for (const container of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    counts = counted(counts, container);
    const { waiting, terminated, running } = container.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated) {
      const isFailed = (terminated.exitCode ?? 0) !== 0;
      // One that completed says less than one that failed.
      if (isFailed || !isAnyFailed) reason = terminated.reason || ended(terminated);
      isAnyFailed ||= isFailed;
    } else if (container.ready && running) {
      isAnyRunning = true;
      ready++;
    }
  }
  if (reason === 'Completed' && isAnyRunning) {
    const isReady = pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true;
    reason = isReady ? 'Running' : 'NotReady';
  }
  return { ...counts, ready, reason };
}

function ended(terminated: { readonly signal?: number; readonly exitCode?: number }): string {
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode ?? 0}`;
}
function counted(counts: Restarts, container: ContainerStatus): Restarts {
  return {
    restarts: counts.restarts + container.restartCount,
    lastRestart: later(counts.lastRestart, container.lastState?.terminated?.finishedAt ?? undefined),
  };
}
function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? b : a;
}
