import { isTerminal, lastStateOf, stateOf } from '#pod';
import type { ContainerStatus, Pod, PodStatus } from '#pod';
import { parseInstant } from '#std';
import type { Instant } from '#std';
import { containerRecord, failureOf, withContainer } from './record.js';
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

/**
 * A report of the agent before this one may be taken when this one has long looked at the pod: what it says of containers of
 * which nothing was ever seen here is true, be it that they ran or that they have ended. Where the pod has ended by it, it has, and as it
 * says: what this agent held to be the end, for want of the containers, was a guess.
 */
export function learned({ status }: Pod, record: PodRecord, containers: readonly Observed[]): PodRecord {
  if (!status) return record;
  if (containers.length === 0 && isTerminal(status.phase) && !LISTS.some((list) => record.status[list]?.some(hasRun)))
    return { ...record, status, ...failureOf(status) };
  const isNews = (told: ContainerStatus, known: ContainerStatus | undefined): boolean =>
    hasRun(told) && !(known && hasRun(known)) && attemptsOf(containers, told.name).length === 0;
  let next = record.status;
  for (const list of LISTS) {
    const known = new Map(next[list]?.map((one) => [one.name, one]));
    const news = status[list]?.filter((told) => isNews(told, known.get(told.name))) ?? [];
    for (const told of news) known.set(told.name, told);
    if (news.length > 0) next = { ...next, [list]: [...known.values()] };
  }
  return next === record.status ? record : { ...record, status: next };
}
const LISTS = [
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
] as const satisfies readonly (keyof PodStatus)[];
/** Whether an attempt of it ever came to an engine. */
function hasRun(status: ContainerStatus): boolean {
  const { terminated, running } = stateOf(status);
  const ran = status.containerID ?? terminated ?? running ?? lastStateOf(status).terminated;
  return ran !== undefined || status.restartCount > 0;
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
