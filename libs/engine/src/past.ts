import type { StoredEvent } from '#model';
import type { EventLog } from '#ports';
import type { EventCodec } from './codec.js';

/** Events above a position, up to and with another, decoded, in the batches that the log gives. */
export async function* eventsBetween(
  source: { readonly log: EventLog; readonly codec: EventCodec },
  after: number,
  upTo: number,
): AsyncIterable<readonly StoredEvent[]> {
  const { log, codec } = source;
  if (after >= upTo) return;
  for await (const events of log.readAll(after)) {
    const isLast = (events.at(-1)?.position ?? 0) >= upTo;
    const wanted = isLast ? events.filter((event) => event.position <= upTo) : events;
    yield wanted.map((event) => codec.decode(event));
    if (isLast) return;
  }
}
