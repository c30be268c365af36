import { containerOf, initContainersOf, isSidecar, isTerminal } from '#pod';
import type { Pod, PodStatus } from '#pod';
import type { Instant } from '#std';
import { dueProbes } from './due-probes.js';
import { waitForEndpoints } from './endpoints-first.js';
import { earliest } from './part.js';
import type { Part } from './part.js';
import { attemptsOf, sandboxOf } from './situation.js';
import type { Action, Incident, Observed, Situation } from './situation.js';

/**
 * Stops a pod: application containers first, all at once, then sidecars one by one in reverse; the sandbox and its network
 * last. A pod that is to be deleted is then cleaned away; one that ended by itself stays as it is, for its logs.
 */
export function planEnd(situation: Situation, status: PodStatus): Part {
  const record = withEnding(situation);
  const next: Situation = { ...situation, record };
  const running = situation.containers.filter((c) => c.state === 'running' && c.labels.role !== 'infra');
  if (running.length > 0) return waitForEndpoints(next) ?? stopContainers(next, running);
  const starting = [...situation.busy].some(
    (key) => key.startsWith('making:') || key === 'sandbox' || key === 'volumes',
  );
  if (starting) return { record, actions: [], incidents: [] };
  const deleting = situation.gone || situation.pod.metadata.deletionTimestamp !== undefined;
  if (deleting) return cleanUp(next);
  const sandbox = sandboxOf(situation.containers);
  if (sandbox && isTerminal(status.phase))
    return { record, actions: [{ do: 'remove', id: sandbox.id }], incidents: [] };
  return { record, actions: [], incidents: [] };
}

/** Stops a pod that is not at its end: it goes on where it is when its node may run it again. */
export function planFence(situation: Situation, fencedUntil: Instant): Part {
  const { record, containers } = situation;
  const running = containers.filter((c) => c.state === 'running' && c.labels.role !== 'infra');
  if (running.length === 0) return { record, actions: [], incidents: [] };
  return { ...stopContainers({ ...situation, record: { ...record, endBy: fencedUntil } }, running), record };
}

/** Remembers when the end began; a shorter grace period that comes later counts, a longer one does not. */
function withEnding(situation: Situation): Situation['record'] {
  const { record, now } = situation;
  const asked = now + graceMs(situation);
  const since = Math.min(record.endBy ?? asked, situation.fencedUntil ?? Infinity);
  const shortened = record.endGraceMs !== undefined && graceMs(situation) < record.endGraceMs;
  const endBy = shortened ? Math.min(since, asked) : since;
  return { ...record, endBy, endGraceMs: Math.min(graceMs(situation), record.endGraceMs ?? Infinity) };
}

function graceMs(situation: Situation): number {
  const { pod, gone } = situation;
  const own = pod.spec.terminationGracePeriodSeconds ?? 30;
  const asked =
    pod.metadata.deletionTimestamp === undefined ? (gone ? 1 : own) : (pod.metadata.deletionGracePeriodSeconds ?? own);
  return Math.max(asked, 1) * 1000;
}

function stopContainers(situation: Situation, running: readonly Observed[]): Part {
  const { pod, record } = situation;
  const deadline = record.endBy ?? situation.now;
  const actions: Action[] = [];
  const incidents: Incident[] = [];
  for (const container of nextToStop(pod, running)) {
    const known = situation.stopping[container.id];
    if (known !== undefined && known <= deadline) continue;
    if (known === undefined)
      incidents.push({
        type: 'Normal',
        reason: 'Killing',
        message: `Stopping container ${container.labels.container}`,
        container: container.labels.container,
      });
    actions.push(stopAction(situation, container, deadline));
  }
  const probes = dueProbes(situation, record);
  // Past the deadline the one who stops it goes on by itself: looking again and again at the same moment helps nobody.
  const wakeAt = earliest(probes.wakeAt, deadline > situation.now ? deadline : undefined);
  return { record, actions: [...actions, ...probes.actions], incidents, wakeAt };
}

/** Everything but sidecars at once; when none of those runs, the last sidecar. */
function nextToStop(pod: Pod, running: readonly Observed[]): readonly Observed[] {
  const order = initContainersOf(pod)
    .filter(isSidecar)
    .map((c) => c.name);
  const place = (c: Observed): number => order.indexOf(c.labels.container);
  const others = running.filter((c) => place(c) < 0);
  if (others.length > 0) return others;
  const last = Math.max(...running.map(place));
  return running.filter((c) => place(c) === last);
}

export function stopAction(situation: Situation, observed: Observed, deadline: Instant): Action {
  const container = containerOf(situation.pod, observed.labels.container);
  const ip = sandboxOf(situation.containers)?.ips?.[0];
  return {
    do: 'stop',
    id: observed.id,
    container: observed.labels.container,
    deadline,
    ...(container?.lifecycle?.preStop && { preStop: container.lifecycle.preStop }),
    ...(container?.lifecycle?.stopSignal && { signal: container.lifecycle.stopSignal }),
    ...(ip && { ip }),
  };
}

function cleanUp(situation: Situation): Part {
  const { record, containers, busy } = situation;
  if (record.cleaned && containers.length === 0) return { record, actions: [], incidents: [], finished: true };
  if (busy.has('cleanup')) return { record, actions: [], incidents: [] };
  return { record, actions: [{ do: 'cleanup' }], incidents: [] };
}

/** Dead containers whose logs nobody can ask for any more: older than the one before the current one. */
export function outdated(containers: readonly Observed[], names: readonly string[]): readonly Observed[] {
  return names.flatMap((name) =>
    attemptsOf(containers, name)
      .slice(2)
      .filter((c) => c.state !== 'running'),
  );
}
/** Sandboxes that have ended, but the newest: its attempt is counted on. One that a container still runs in goes after it. */
export function outdatedSandboxes(containers: readonly Observed[]): readonly Observed[] {
  const all = containers.filter(({ labels }) => labels.role === 'infra');
  const newest = Math.max(...all.map(({ labels }) => labels.attempt));
  const isInUse = (id: string): boolean =>
    containers.some(({ state, sandboxId }) => state === 'running' && sandboxId === id);
  return all.filter(({ id, state, labels }) => state !== 'running' && labels.attempt !== newest && !isInUse(id));
}
