import { initContainersOf } from '#pod';
import type { Instant } from '#std';
import { earliest } from './part.js';
import { probesOf } from './probes.js';
import type { PodRecord } from './record.js';
import { actionKey, attemptsOf, podIpsOf } from './situation.js';
import type { Action, Situation } from './situation.js';

/**
 * The probes that are to be asked now, and when the next ones are due. A container that is being stopped is only asked
 * whether it is ready: it may drain meanwhile, but cannot be stopped twice.
 */
export function dueProbes(
  situation: Situation,
  record: PodRecord,
): { readonly actions: readonly Action[]; readonly wakeAt: Instant | undefined } {
  const ip = podIpsOf(situation)[0];
  if (ip === undefined) return { actions: [], wakeAt: undefined };
  const actions: Action[] = [];
  let wakeAt: Instant | undefined;
  for (const container of [...initContainersOf(situation.pod), ...situation.pod.spec.containers]) {
    const newest = attemptsOf(situation.containers, container.name)[0];
    if (newest?.state !== 'running') continue;
    const isStopping = record.endBy !== undefined || situation.stopping[newest.id] !== undefined;
    for (const { kind, dueAt } of probesOf({ record, observed: newest, now: situation.now }, container)) {
      if (isStopping && kind !== 'readiness') continue;
      const action: Action = { do: 'probe', kind, container: container.name, id: newest.id, ip };
      if (situation.busy.has(actionKey(action))) continue;
      if (dueAt <= situation.now) actions.push(action);
      else wakeAt = earliest(wakeAt, dueAt);
    }
  }
  return { actions, wakeAt };
}
