import { initContainersOf, isSidecar, isTerminal, stateOf } from '#pod';
import type { Pod, PodCondition, PodStatus } from '#pod';
import { jsonEquals, toTime, type Json } from '#std';
import { attemptsOf, hasStarted, sandboxOf } from './situation.js';
import type { Situation } from './situation.js';
import { endOf, isInitialized, observedGenerationOf } from './ends.js';

const OWN_FIELDS = ['phase', 'reason', 'message', 'podIPs', 'initContainerStatuses', 'containerStatuses'] as const;

/**
 * Whether a stored status still says what its node reported, or somebody else has written over it (of a node that was
 * silent, its pods are said not to be ready). A pod that was said to have ended is left so.
 */
export function isStillSaid(stored: PodStatus | undefined, reported: PodStatus): boolean {
  if (isTerminal(stored?.phase)) return true;
  const known = new Map((stored?.conditions ?? []).map((one) => [one.type, one]));
  return (
    OWN_FIELDS.every((field) => jsonEquals(stored?.[field] as Json | undefined, reported[field] as Json | undefined)) &&
    (reported.conditions ?? []).every(({ type, status, reason, message }) => {
      const one = known.get(type);
      return one?.status === status && one.reason === reason && one.message === message;
    })
  );
}

/** Why a pod ended whose node was about to be off, in the words of a kubelet. */
export const NODE_SHUTDOWN = {
  reason: 'Terminated',
  message: 'Pod was terminated in response to imminent node shutdown.',
};

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>;
const yes: Verdict = { status: 'True' };
const no = (reason?: string, message?: string): Verdict => ({
  status: 'False',
  ...(reason && { reason }),
  ...(message && { message }),
});

export function conditionsOf(situation: Situation, status: PodStatus): readonly PodCondition[] {
  const { pod, now } = situation;
  const containersReady = containersReadyVerdict(situation, status);
  const verdicts: readonly (readonly [string, Verdict])[] = [
    ['PodReadyToStartContainers', sandboxReady(situation) ? yes : no()],
    ['Initialized', initializedVerdict(situation, status)],
    ['Ready', containersReady.status === 'True' ? gatesVerdict(pod) : containersReady],
    ['ContainersReady', containersReady],
    ['PodScheduled', yes],
  ];
  const known = [...(pod.status?.conditions ?? []), ...(situation.record.status.conditions ?? [])];
  return [
    ...resizePending(situation, known),
    ...verdicts.map(([type, verdict]) =>
      condition(observedGenerationOf(situation), known, { type, ...verdict }, toTime(now)),
    ),
  ];
}

/** Amounts that were asked for and cannot be given: first of all, for as long as it is so. */
function resizePending(situation: Situation, known: readonly PodCondition[]): readonly PodCondition[] {
  const refused = situation.resizeRefused;
  if (!refused) return [];
  const before = known.find((c) => c.type === 'PodResizePending');
  const since = before?.lastTransitionTime ?? toTime(situation.now);
  return [
    {
      type: 'PodResizePending',
      status: 'True',
      observedGeneration: situation.pod.metadata.generation ?? 1,
      lastProbeTime: before?.lastProbeTime ?? since,
      lastTransitionTime: since,
      reason: refused.reason,
      message: refused.message,
    },
  ];
}

/** The time of the last change stays while the status is the same. */
function condition(
  generation: number,
  known: readonly PodCondition[],
  { type, ...verdict }: Verdict & Pick<PodCondition, 'type'>,
  now: string,
): PodCondition {
  const before = known.filter((c) => c.type === type).at(-1);
  return {
    type,
    observedGeneration: generation,
    lastProbeTime: null as unknown as string,
    lastTransitionTime: before?.status === verdict.status ? (before.lastTransitionTime ?? now) : now,
    ...verdict,
  };
}

function sandboxReady(situation: Situation): boolean {
  const sandbox = sandboxOf(situation.containers);
  return sandbox?.state === 'running' && (situation.pod.spec.hostNetwork === true || (sandbox.ips?.length ?? 0) > 0);
}

function initializedVerdict(situation: Situation, status: PodStatus): Verdict {
  if (status.phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  if (isInitialized(situation)) return yes;
  const incomplete = initContainersOf(situation.pod).filter((c) =>
    isSidecar(c)
      ? !hasStarted(c, situation.record, attemptsOf(situation.containers, c.name)[0])
      : endOf(situation, c.name)?.exitCode !== 0,
  );
  return no(
    'ContainersNotInitialized',
    `containers with incomplete status: [${incomplete.map((c) => c.name).join(' ')}]`,
  );
}

function containersReadyVerdict(situation: Situation, status: PodStatus): Verdict {
  if (status.phase === 'Succeeded') return no('PodCompleted');
  // Services are to lead elsewhere before it is told to end.
  if (situation.record.failed?.reason === NODE_SHUTDOWN.reason) return no('PodFailed');
  // A pod that was ended while it had not ended by itself says why its containers are not ready, not that it failed.
  const interrupted = situation.pod.metadata.deletionTimestamp !== undefined && !endedByItself(situation, status);
  if (status.phase === 'Failed' && !interrupted) return no('PodFailed');
  const statuses = new Map(
    [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map((s) => [s.name, s]),
  );
  const counted = [...initContainersOf(situation.pod).filter(isSidecar), ...situation.pod.spec.containers];
  const unready = counted.filter((c) => !statuses.get(c.name)?.ready);
  return unready.length === 0
    ? yes
    : no('ContainersNotReady', `containers with unready status: [${unready.map((c) => c.name).join(' ')}]`);
}
function endedByItself(situation: Situation, status: PodStatus): boolean {
  return (
    situation.record.failed !== undefined ||
    (status.containerStatuses ?? []).every((s) => stateOf(s).terminated !== undefined) ||
    !isInitialized(situation)
  );
}

function gatesVerdict(pod: Pod): Verdict {
  const problems: string[] = [];
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const gate = (pod.status?.conditions ?? []).find((c) => c.type === conditionType);
    if (!gate) problems.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    else if (gate.status !== 'True')
      problems.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`);
  }
  return problems.length === 0 ? yes : no('ReadinessGatesNotReady', problems.join(', '));
}
