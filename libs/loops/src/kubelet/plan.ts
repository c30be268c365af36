import { isTerminal } from '#pod';
import type { PodStatus } from '#pod';
/**
 * What to do next for one pod on this node, worked out from plain data: no clock, no I/O. The agent carries the actions
 * out, keeps the record and asks again when anything changed or at `wakeAt`.
 */
import type { Instant } from '#std';
import { planEnd, planFence } from './end.js';
import { appsEnded } from './ends.js';
import { earliest } from './part.js';
import type { Part } from './part.js';
import { planStart } from './start.js';
import type { PodRecord } from './record.js';
import type { Action, Incident, Situation } from './situation.js';
import { podStatus } from './status.js';

export interface PodPlan {
  readonly actions: readonly Action[];
  readonly record: PodRecord;
  readonly status: PodStatus;
  readonly incidents: readonly Incident[];
  /** Look again then, even if nothing happens. */
  readonly wakeAt: Instant | undefined;
  /** Nothing is left of the pod on this node: its object may go. */
  readonly finished: boolean;
}
export const DEADLINE_MESSAGE = 'Pod was active on the node longer than the specified deadline';

export function planPod(situation: Situation): PodPlan {
  const deadline = withDeadline(situation);
  const current: Situation = { ...situation, record: deadline.record };
  const before = podStatus(current);
  const ending =
    current.gone ||
    current.pod.metadata.deletionTimestamp !== undefined ||
    deadline.record.failed !== undefined ||
    deadline.record.evicted !== undefined ||
    isTerminal(before.phase) ||
    appsEnded(current);
  const { fencedUntil } = current;
  const part = ending
    ? planEnd(current, before)
    : fencedUntil !== undefined
      ? planFence(current, fencedUntil)
      : planStart(current);
  const status = podStatus({ ...current, record: part.record });
  const wakeAt = earliest(part.wakeAt, deadline.wakeAt);
  return {
    actions: part.actions,
    record: { ...part.record, status },
    status,
    incidents: [...deadline.incidents, ...part.incidents],
    // A moment that has come already was acted on: looking again at once would change nothing.
    wakeAt: wakeAt !== undefined && wakeAt > current.now ? wakeAt : undefined,
    finished: part.finished ?? false,
  };
}

/** A pod whose time is over fails, whatever its containers do. */
function withDeadline(situation: Situation): Part {
  const { record, pod, now } = situation;
  const seconds = pod.spec.activeDeadlineSeconds;
  const idle: Part = { record, actions: [], incidents: [] };
  if (seconds === undefined || record.failed || isTerminal(record.status.phase)) return idle;
  const at = record.startedAt + seconds * 1000;
  if (now < at) return { ...idle, wakeAt: at };
  return {
    ...idle,
    record: { ...record, failed: { reason: 'DeadlineExceeded', message: DEADLINE_MESSAGE } },
    incidents: [{ type: 'Normal', reason: 'DeadlineExceeded', message: DEADLINE_MESSAGE }],
  };
}
