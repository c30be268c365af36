import type { Refusal } from '#model';

/** The refusals that the writer itself gives, whatever the command. */
export const REFUSED_BUSY: Refusal = {
  refused: true,
  code: 429,
  reason: 'TooManyRequests',
  message: 'too many writes are under way, please try again later',
  details: { retryAfterSeconds: 1 },
};

export const NOT_TAKEN: Refusal = timeout('the event log did not take the write in time');

export function timeout(message: string): Refusal {
  return { refused: true, code: 504, reason: 'Timeout', message };
}

export function unavailable(message: string): Refusal {
  return { refused: true, code: 503, reason: 'ServiceUnavailable', message };
}

export function tooLarge(why: string): Refusal {
  return {
    refused: true,
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: `the object is too large for the event log: ${why}`,
  };
}
