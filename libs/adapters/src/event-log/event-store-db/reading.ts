import { BACKWARDS, END, FORWARDS, START } from '@eventstore/db-client';
import type { AllStreamRecordedEvent, EventStoreDBClient, RecordedEvent, StreamingRead } from '@eventstore/db-client';
import { TookTooLong } from '../../within.js';
import { typeOf } from './faults.js';
import { positionOf } from './codec.js';

const READ_MAX = Number.MAX_SAFE_INTEGER;

/** Every event of the server above a position, foreign ones too, up to the end of its log. */
export async function* allAfter(
  client: EventStoreDBClient,
  afterPosition: number,
  silenceMs: number,
): AsyncGenerator<AllStreamRecordedEvent> {
  const from = BigInt(afterPosition);
  const fromPosition = afterPosition === 0 ? START : { commit: from, prepare: from };
  const reading = client.readAll({ fromPosition, direction: FORWARDS, maxCount: READ_MAX, requiresLeader: true });
  for await (const { event } of each(reading, silenceMs)) {
    // A read begins with the event at its position; the caller has that one already.
    if (event !== undefined && positionOf(event) > afterPosition) yield event;
  }
}

/** Position of the last event in the server's log, whoever's it is; 0 when there is none. */
export async function lastPosition(client: EventStoreDBClient, silenceMs: number): Promise<number> {
  const reading = client.readAll({ fromPosition: END, direction: BACKWARDS, maxCount: 1, requiresLeader: true });
  for await (const { event } of each(reading, silenceMs)) if (event !== undefined) return positionOf(event);
  return 0;
}

export async function* streamFrom(
  client: EventStoreDBClient,
  stream: string,
  fromRevision: number,
  options: { readonly silenceMs: number; readonly countMax?: number },
): AsyncGenerator<RecordedEvent> {
  const reading = client.readStream(stream, {
    fromRevision: BigInt(fromRevision),
    direction: FORWARDS,
    maxCount: options.countMax ?? READ_MAX,
    requiresLeader: true,
  });
  try {
    for await (const { event } of each(reading, options.silenceMs)) if (event !== undefined) yield event;
  } catch (cause) {
    if (typeOf(cause) !== 'stream-not-found') throw cause;
  }
}

/**
 * Iterates a read of the client and always cancels it at the end. The client emits errors also after that, when nobody
 * listens: without the listener here such an error would end the process.
 */
async function* each<T>(reading: StreamingRead<T>, silenceMs: number): AsyncGenerator<T> {
  reading.on('error', () => undefined);
  let waiting = true;
  // One timer for the whole read, because a read has hundreds of thousands of events. A slow caller is not silence.
  const silence = setTimeout(() => {
    if (waiting) reading.destroy(new TookTooLong(silenceMs));
    else silence.refresh();
  }, silenceMs);
  try {
    for await (const value of reading.iterator({ destroyOnReturn: false }) as AsyncIterable<T>) {
      waiting = false;
      yield value;
      waiting = true;
      silence.refresh();
    }
  } finally {
    clearTimeout(silence);
    await reading.cancel().catch(() => undefined);
    // A call whose messages nobody takes never ends, and the client waits for its end when it is disposed of.
    reading.resume();
  }
}
