import { initContainersOf, isSidecar, lastStateOf, stateOf } from '#pod';
import type { ContainerStatus, PodPhase } from '#pod';
import { restarts } from './restarts.js';
import { isInitialized } from './ends.js';
import type { Situation } from './situation.js';

/** The pod's phase from what its containers do. */
export function phaseOf(input: {
  readonly situation: Situation;
  readonly initContainerStatuses: readonly ContainerStatus[];
  readonly containerStatuses: readonly ContainerStatus[];
}): PodPhase {
  const { situation, initContainerStatuses, containerStatuses } = input;
  const { pod } = situation;
  const inits = initContainersOf(pod);
  const sidecarRuns = inits.some((c, i) => isSidecar(c) && stateOf(initContainerStatuses[i]).running);
  const initialized = isInitialized(situation);
  if (!initialized) {
    const failed = inits.some((c, i) => {
      const end = stateOf(initContainerStatuses[i]).terminated;
      return !isSidecar(c) && end !== undefined && end.exitCode !== 0 && !restarts(pod, c, end.exitCode);
    });
    const running = initContainerStatuses.some((s) => stateOf(s).running);
    return failed && !running ? 'Failed' : 'Pending';
  }
  // A pod that is being stopped starts nothing again: its containers' last ends count.
  const ending = situation.record.endBy !== undefined;
  let waiting = 0;
  let running = 0;
  let again = 0;
  let failed = 0;
  pod.spec.containers.forEach((container, i) => {
    const status = containerStatuses[i];
    const end = stateOf(status).terminated ?? (stateOf(status).waiting ? lastStateOf(status).terminated : undefined);
    if (stateOf(status).running) running++;
    else if (!end) waiting++;
    else if (!ending && restarts(pod, container, end.exitCode)) again++;
    else if (end.exitCode !== 0) failed++;
  });
  if (waiting > 0) return 'Pending';
  if (running > 0 || again > 0 || sidecarRuns) return 'Running';
  return failed > 0 ? 'Failed' : 'Succeeded';
}
