import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '#kinds';
import { findCondition, removeCondition } from '#meta';
import { parseInstant, toTime, type Instant } from '#std';
import type { Situation } from './situation.js';
import { countsOf, isComplete, statusOf } from './status.js';

type Conditions = readonly DeploymentCondition[];
type Says = Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>;

/** The status right after the set of the present template was asked for. */
export function afterCreation(situation: Situation, name: string): DeploymentStatus {
  const said = progressing('True', 'NewReplicaSetCreated', `Created new replica set "${name}"`);
  return statusOf(situation, withProgress(situation, said));
}
/** The same for a set that was there already; undefined when the conditions speak of a rollout as it is. */
export function afterFinding(situation: Situation, set: ReplicaSet): DeploymentStatus | undefined {
  if (findCondition(situation.deployment.status?.conditions, 'Progressing')) return undefined;
  const said = progressing('True', 'FoundNewReplicaSet', `Found new replica set "${set.metadata.name}"`);
  return statusOf(situation, withProgress(situation, said));
}
export const CREATE_ERROR = 'ReplicaSetCreateError';
/** The same when that set was refused. */
export function afterRefusal(situation: Situation, message: string): DeploymentStatus {
  return statusOf(situation, withProgress(situation, progressing('False', CREATE_ERROR, message)));
}
function withProgress(situation: Situation, said: Says): Conditions {
  const { deployment, now } = situation;
  const old = deployment.status?.conditions ?? [];
  const begun = hasDeadline(deployment) ? say(old, said, now) : removeCondition(old, 'Progressing');
  return say(begun, availability(situation, countsOf(situation)), now);
}

/** The conditions after a look at how far the rollout has come. */
export function conditionsNow(situation: Situation): Conditions {
  const { deployment, now } = situation;
  const counts = countsOf(situation);
  const said = deployment.status?.conditions ?? [];
  const begun = deployment.metadata.deletionTimestamp === undefined ? pausing(deployment, said, now) : said;
  const available = say(begun, availability(situation, counts), now);
  const progressed = isRolling(situation) ? progress(situation, available, counts) : available;
  return withFailure(situation, progressed);
}

/** While paused, scaled or deleted, nothing is said of the progress. */
function isRolling({ deployment }: Situation): boolean {
  return !deployment.spec.paused && deployment.metadata.deletionTimestamp === undefined;
}

function availability({ bounds }: Situation, counts: DeploymentStatus): Says {
  const enough = (counts.availableReplicas ?? 0) >= bounds.fewest;
  return enough
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
}

function pausing(deployment: Deployment, conditions: Conditions, now: Instant): Conditions {
  if (!hasDeadline(deployment)) return conditions;
  const reason = findCondition(conditions, 'Progressing')?.reason;
  if (reason === 'ProgressDeadlineExceeded') return conditions;
  if (deployment.spec.paused && reason !== 'DeploymentPaused') {
    return say(conditions, progressing('Unknown', 'DeploymentPaused', 'Deployment is paused'), now);
  }
  if (!deployment.spec.paused && reason === 'DeploymentPaused') {
    return say(conditions, progressing('Unknown', 'DeploymentResumed', 'Deployment is resumed'), now);
  }
  return conditions;
}

function progress(situation: Situation, conditions: Conditions, counts: DeploymentStatus): Conditions {
  const { deployment, current, now } = situation;
  if (!hasDeadline(deployment)) return removeCondition(conditions, 'Progressing');
  const said = findCondition(conditions, 'Progressing');
  const settled = (counts.replicas ?? 0) === (counts.updatedReplicas ?? 0) && said?.reason === 'NewReplicaSetAvailable';
  if (settled) return conditions;
  const what = current ? `ReplicaSet "${current.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, counts)) {
    return say(conditions, progressing('True', 'NewReplicaSetAvailable', `${what} has successfully progressed.`), now);
  }
  if (hasMoved(deployment.status, counts)) {
    const news = progressing('True', 'ReplicaSetUpdated', `${what} is progressing.`);
    // Each bit of progress counts anew towards the deadline, also when the words stay the same.
    const since = said?.status === 'True' ? said.lastTransitionTime : toTime(now);
    return [
      ...removeCondition(conditions, 'Progressing'),
      { ...news, lastUpdateTime: toTime(now), ...(since && { lastTransitionTime: since }) },
    ];
  }
  const deadline = progressDeadline(deployment, said);
  if (said?.reason === 'ProgressDeadlineExceeded' || (deadline !== undefined && deadline < now)) {
    return say(conditions, progressing('False', 'ProgressDeadlineExceeded', `${what} has timed out progressing.`), now);
  }
  return conditions;
}

function hasMoved(before: DeploymentStatus | undefined, after: DeploymentStatus): boolean {
  const oldOnes = (status: DeploymentStatus | undefined) => (status?.replicas ?? 0) - (status?.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before?.updatedReplicas ?? 0) ||
    oldOnes(after) < oldOnes(before) ||
    (after.readyReplicas ?? 0) > (before?.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before?.availableReplicas ?? 0)
  );
}

/** When a rollout that does not move any more counts as stuck; undefined when it is not waited for. */
export function progressDeadline(deployment: Deployment, said: DeploymentCondition | undefined): Instant | undefined {
  const waited = said && said.reason !== 'NewReplicaSetAvailable' && said.reason !== 'DeploymentPaused';
  if (!hasDeadline(deployment) || !waited) return undefined;
  const since = parseInstant(said.lastUpdateTime);
  return since === undefined ? undefined : since + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000;
}

/** The largest number means that there is no deadline. */
function hasDeadline(deployment: Deployment): boolean {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== 2 ** 31 - 1;
}

/** A set that cannot make its pods says so through the deployment, the current one first. */
function withFailure({ current, old }: Situation, conditions: Conditions): Conditions {
  const sets = current ? [current, ...old] : old;
  const failure = sets
    .flatMap((set) => set.status?.conditions ?? [])
    .find((condition) => condition.type === 'ReplicaFailure');
  if (!failure) return removeCondition(conditions, 'ReplicaFailure');
  const said = findCondition(conditions, 'ReplicaFailure');
  if (said?.status === failure.status && said.reason === failure.reason) return conditions;
  const { type, status, reason, message, lastTransitionTime } = failure;
  const told = {
    type,
    status,
    reason,
    message,
    ...(lastTransitionTime && { lastTransitionTime, lastUpdateTime: lastTransitionTime }),
  };
  return [...removeCondition(conditions, 'ReplicaFailure'), told as DeploymentCondition];
}

/** Says something unless it was said; the time of the transition is kept while the status is the same. */
function say(conditions: Conditions, said: Says, now: Instant): Conditions {
  const before = findCondition(conditions, said.type);
  if (before?.status === said.status && before.reason === said.reason) return conditions;
  const time = toTime(now);
  const since = before?.status === said.status ? before.lastTransitionTime : time;
  return [
    ...removeCondition(conditions, said.type),
    { ...said, lastUpdateTime: time, ...(since && { lastTransitionTime: since }) },
  ];
}
function progressing(status: string, reason: string, message: string): Says {
  return { type: 'Progressing', status, reason, message };
}
