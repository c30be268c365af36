import { refusals, type Refusal } from '#model';

/** The refusals that the writer itself gives, whatever the command. */
export const REFUSED_BUSY: Refusal = refusals.tooManyRequests(
  'too many writes are under way, please try again later',
  1,
);
export const NOT_TAKEN: Refusal = refusals.timeout('the event log did not take the write in time');

export function tooLarge(why: string): Refusal {
  return {
    refused: true,
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: `the object is too large for the event log: ${why}`,
  };
}
