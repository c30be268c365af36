import { setImmediate as nextTurn } from 'node:timers/promises';

/** A body of so many bytes may take milliseconds for each thing that is done with it. */
const LARGE_BYTES = 32 * 1024;

/**
 * Lets whoever waits be answered before the next step of a request with a large body. One thread answers everybody: read,
 * decided and written in one go, such a request would keep all others waiting for the sum of its steps.
 */
export async function othersFirst(bodyBytes: number): Promise<void> {
  if (bodyBytes > LARGE_BYTES) await nextTurn();
}
