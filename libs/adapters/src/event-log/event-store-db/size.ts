import { within } from '../../within.js';
import { appendBytesMaxIn, isPermanent } from './faults.js';
import type { LogClient } from './log-client.js';
import { appendRequest } from './requests.js';

/** As much as any API request may carry, and some room for what the writer adds. */
const PROBE_BYTES = 4 * 1024 * 1024;
/** Room for what the server counts beside the event's own JSON. */
const OVERHEAD_BYTES = 4096;
/** What 24.10 takes an append unless it is configured otherwise; later versions take 16 MiB an event. */
const BYTES_MAX_24 = 1024 * 1024;
const BYTES_MAX_25 = PROBE_BYTES;
const ID = '00000000-0000-4000-8000-000000000000';

/** The largest event that the server takes, by its version alone. */
export async function eventBytesByVersion(client: LogClient, answerMs: number): Promise<number> {
  const version = await within(client.serverVersion(), answerMs);
  return (Number.parseInt(version, 10) >= 25 ? BYTES_MAX_25 : BYTES_MAX_24) - OVERHEAD_BYTES;
}

/**
 * The largest event that the server takes, as it is configured. It tells nobody, but it looks at the size of an append
 * before its expected revision: a large one at a revision that no stream has is refused for the one or the other reason,
 * and nothing is written.
 */
export async function eventBytesByProbe(client: LogClient, stream: string, answerMs: number): Promise<number> {
  const data = Buffer.from(JSON.stringify({ filling: 'x'.repeat(PROBE_BYTES) }));
  const probe = { id: ID, type: 'SizeProbed', data, metadata: Buffer.from('{}') };
  try {
    const answer = await within(
      client.append(appendRequest(stream, probe, Number.MAX_SAFE_INTEGER), answerMs),
      answerMs,
    );
    if (answer.hasWrongExpectedVersion()) return PROBE_BYTES - OVERHEAD_BYTES;
  } catch (cause) {
    const bytesMax = appendBytesMaxIn(cause) ?? 0;
    if (bytesMax > OVERHEAD_BYTES) return Math.min(bytesMax, PROBE_BYTES) - OVERHEAD_BYTES;
    if (isPermanent(cause)) throw cause;
  }
  return eventBytesByVersion(client, answerMs);
}
