import type { EventLog, RecordedEvent } from '#ports';

/** Events above a position, up to and with another, in the batches that the log gives. */
export async function* eventsBetween(
  log: EventLog,
  after: number,
  upTo: number,
): AsyncIterable<readonly RecordedEvent[]> {
  if (after >= upTo) return;
  for await (const events of log.readAll(after)) {
    const isLast = (events.at(-1)?.position ?? 0) >= upTo;
    yield isLast ? events.filter((event) => event.position <= upTo) : events;
    if (isLast) return;
  }
}
