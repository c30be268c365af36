import type { PodStatus, ResourceRequirements } from '#pod';
/**
 * What the agent remembers of a pod between two looks at it. Plain data: the loop makes new ones, the agent keeps them.
 */
import type { Instant } from '#std';

export interface PodRecord {
  readonly uid: string;
  /** When the node first took the pod up: status.startTime. */
  readonly startedAt: Instant;
  /** The status that was last worked out, or that the API had when the agent took the pod up. */
  readonly status: PodStatus;
  /** Set when the node refused the pod, its deadline passed or it was evicted: it ends as Failed with this. */
  readonly failed?: { readonly reason: string; readonly message: string };
  /** The node never took the pod: its status has nothing of the containers. */
  readonly refused?: boolean;
  /** The pod lost its place on the node; it ends by what its containers say when they are stopped. */
  readonly evicted?: { readonly reason: string; readonly message: string };
  readonly volumesReady: boolean;
  /** All that the volumes need is there: the sandbox may be made while they are written. */
  readonly volumesPlanned?: boolean;
  /** Mounting or the sandbox failed: not tried again before. */
  readonly volumesRetry?: Retry;
  readonly sandboxRetry?: Retry;
  /** When the last container is killed, once the pod is to end. */
  readonly endBy?: Instant;
  readonly endGraceMs?: number;
  /** When services last led to the pod, once it is to end. */
  readonly leftAt?: Instant;
  /** Volumes and containers of the deleted pod are gone. */
  readonly cleaned?: boolean;
  readonly sandboxAttempt: number;
  readonly containers: Readonly<Record<string, ContainerRecord>>;
}

export interface Retry {
  readonly at: Instant;
  readonly count: number;
}
export interface ContainerRecord {
  /** What hindered it last time; gone once it runs. */
  readonly problem?: ContainerProblem;
  readonly pull: BackOff;
  /** The amounts that the newest container was given. */
  readonly applied?: ResourceRequirements;
  readonly restart: BackOff;
  /** The attempt that the back-off was last raised for, and the one whose waiting was told. */
  readonly restartFor?: number;
  /** The container that is stopped only to be made anew, whatever the restart policy. */
  readonly again?: string;
  readonly backOffTold?: number;
  /** The failed pull whose waiting was told. */
  readonly pullTold?: Instant;
  readonly probes: Readonly<Partial<Record<ProbeKind, ProbeState>>>;
  /** The postStart hook: the container is not taken as running before it ended. */
  readonly postStart?: 'running' | 'done';
  readonly postStartFor?: string;
}
export interface ContainerProblem {
  readonly reason: string;
  readonly message: string;
  readonly at: Instant;
}
/** Doubles from 10 s to 5 min; forgotten after 10 quiet minutes. */
export interface BackOff {
  readonly delayMs: number;
  readonly since: Instant;
}
export type ProbeKind = 'startup' | 'liveness' | 'readiness';
export interface ProbeState {
  readonly containerId: string;
  readonly dueAt: Instant;
  readonly result: 'unknown' | 'success' | 'failure';
  /** The last outcome and how often it came in a row. */
  readonly run: { readonly result: 'success' | 'failure'; readonly count: number } | undefined;
}

export const noBackOff: BackOff = { delayMs: 0, since: 0 };
export const newContainerRecord: ContainerRecord = { pull: noBackOff, restart: noBackOff, probes: {} };

export function newPodRecord(uid: string, startedAt: Instant, status: PodStatus | undefined): PodRecord {
  const failed = failureOf(status ?? {});
  return { uid, startedAt, status: status ?? {}, volumesReady: false, sandboxAttempt: 0, containers: {}, ...failed };
}
/** A pod that ended before the agent was started keeps why it did. */
export function failureOf(status: PodStatus): Pick<PodRecord, 'failed' | 'refused'> {
  const { phase, reason, message = '', containerStatuses } = status;
  if (phase !== 'Failed' || !reason) return {};
  return { failed: { reason, message }, ...(!containerStatuses && { refused: true }) };
}
export function containerRecord(record: PodRecord, name: string): ContainerRecord {
  return record.containers[name] ?? newContainerRecord;
}
export function withContainer(record: PodRecord, name: string, change: Partial<ContainerRecord>): PodRecord {
  return { ...record, containers: { ...record.containers, [name]: { ...containerRecord(record, name), ...change } } };
}

const FIRST_MS = 10_000;
const MAX_MS = 300_000;

/** The next, longer delay; from the start again when nothing went wrong for twice the longest delay. */
export function nextBackOff(backOff: BackOff, now: Instant): BackOff {
  const quiet = backOff.delayMs === 0 || now - backOff.since > 2 * MAX_MS;
  return { delayMs: quiet ? FIRST_MS : Math.min(backOff.delayMs * 2, MAX_MS), since: now };
}
export function delayInWords(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}

export function withoutProblem(record: PodRecord, name: string): PodRecord {
  const { problem: _problem, ...rest } = containerRecord(record, name);
  return { ...record, containers: { ...record.containers, [name]: { ...rest, pull: noBackOff } } };
}
/** Something that a pod needs has changed: what waits for that is tried at once. Pulls keep their back-off. */
export function withoutConfigWaits(record: PodRecord): PodRecord {
  const containers = Object.entries(record.containers).map(([name, known]) => {
    const waits = known.problem !== undefined && known.problem.reason !== 'ErrImagePull';
    return [name, waits ? { ...known, pull: noBackOff } : known] as const;
  });
  return { ...record, containers: Object.fromEntries(containers) };
}
