import { refusals, type Refusal } from '#model';

/** What a read is answered that needs the log while the log is away. Nothing was changed, so asking again is safe. */
export const LOG_AWAY: Refusal = refusals.unavailable(
  'the event log does not answer at the moment, please try again',
  1,
);

/** So long after the history index failed it is made anew. */
export const INDEX_RETRY_MS = 30_000;
/** What a read of the past is answered until then. The reason is in the process's own log. */
export const INDEX_AWAY: Refusal = refusals.unavailable(
  'the history index cannot be used at the moment, please try again later',
  INDEX_RETRY_MS / 1000,
);
