import { refusals, type Refusal, type View } from '#model';
import { LogUnavailable } from '#ports';
import { LOG_AWAY } from './log-away.js';
import type { ReadModel } from './read-model.js';

const READ_TIMEOUT_MS = 3000;
const TOO_FAR_BEHIND = refusals.timeout('this server has not caught up with the event log in time, please try again');

/** The newest view, once it has passed the head that the log has now; a refusal when that takes too long. */
export async function freshView(reads: Pick<ReadModel, 'fresh' | 'projection'>): Promise<View | Refusal> {
  try {
    return (await reads.fresh(READ_TIMEOUT_MS)) ? reads.projection : TOO_FAR_BEHIND;
  } catch (cause) {
    if (cause instanceof LogUnavailable) return LOG_AWAY;
    throw cause;
  }
}
