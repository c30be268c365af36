import { jsonEvent } from '@eventstore/db-client';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { within } from '../../within.js';
import { isPermanent, numberIn, typeOf } from './faults.js';
import { serverVersion } from './shared-client.js';

/** As much as any API request may carry, and some room for what the writer adds. */
const PROBE_BYTES = 4 * 1024 * 1024;
/** Room for what the server counts beside the event's own JSON. */
const OVERHEAD_BYTES = 4096;
/** What 24.10 takes an append unless it is configured otherwise; later versions take 16 MiB an event. */
const BYTES_MAX_24 = 1024 * 1024;
const BYTES_MAX_25 = PROBE_BYTES;

/** The largest event that the server takes, by its version alone. */
export async function eventBytesByVersion(client: EventStoreDBClient, answerMs: number): Promise<number> {
  const version = await within(serverVersion(client), answerMs);
  return (Number.parseInt(version ?? '', 10) >= 25 ? BYTES_MAX_25 : BYTES_MAX_24) - OVERHEAD_BYTES;
}

/**
 * The largest event that the server takes, as it is configured. It tells nobody, but it looks at the size of an append
 * before its expected revision: a large one at a revision that no stream has is refused for the one or the other reason,
 * and nothing is written.
 */
export async function eventBytesByProbe(client: EventStoreDBClient, stream: string, answerMs: number): Promise<number> {
  const probe = jsonEvent({ type: 'SizeProbed', data: { filling: 'x'.repeat(PROBE_BYTES) } });
  const expectedRevision = BigInt(Number.MAX_SAFE_INTEGER);
  try {
    const appending = client.appendToStream(stream, probe, {
      expectedRevision,
      requiresLeader: true,
      deadline: answerMs,
    });
    await within(appending, answerMs);
  } catch (cause) {
    if (typeOf(cause) === 'wrong-expected-version') return PROBE_BYTES - OVERHEAD_BYTES;
    const bytesMax = typeOf(cause) === 'maximum-append-size-exceeded' ? numberIn(cause, 'maxAppendSize') : -1;
    if (bytesMax > OVERHEAD_BYTES) return Math.min(bytesMax, PROBE_BYTES) - OVERHEAD_BYTES;
    if (isPermanent(cause)) throw cause;
  }
  return eventBytesByVersion(client, answerMs);
}
