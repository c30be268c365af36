import { deployments } from '#kinds';
import { findCondition } from '#meta';
import type { Decision } from '#model';
import { reportStatus, wakeAtFirst } from '../shared/index.js';
import { conditionsNow, progressDeadline } from './conditions.js';
import type { Situation } from './situation.js';
import { statusOf } from './status.js';

/** Writes the status if it has changed, and comes back when the rollout would be stuck. */
export function report(situation: Situation): readonly Decision[] {
  const { deployment, now } = situation;
  const status = statusOf(situation, conditionsNow(situation));
  const said = findCondition(status.conditions, 'Progressing');
  const deadline = said?.reason === 'ProgressDeadlineExceeded' ? undefined : progressDeadline(deployment, said);
  return [
    ...reportStatus(deployments, deployment, status, { because: 'the replica sets have changed' }),
    ...wakeAtFirst([deadline === undefined ? undefined : deadline + 1], now),
  ];
}
