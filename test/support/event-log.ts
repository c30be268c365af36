import { openEventLog, openFileKeys } from '#adapters';
import { eventCodec, Projection } from '#engine';
import { registry } from '#kinds';
import { foldEvent, type StoredEvent } from '#model';
import { join } from 'node:path';

/** All events of a cluster's log in order, read beside the process that writes it. What is sealed is opened. */
export async function eventsOf(
  home: string,
  spec = `sqlite:${join(home, 'log', 'events.db')}`,
): Promise<readonly StoredEvent[]> {
  const log = await openEventLog(spec, { mode: 'read' });
  const codec = eventCodec(registry, await openFileKeys(home));
  const events: StoredEvent[] = [];
  for await (const batch of log.readAll(0)) events.push(...batch.map((recorded) => codec.decode(recorded.open())));
  await log.close();
  return events;
}

/** A projection of nothing, to be fed event by event. */
export function emptyProjection(): Projection {
  return new Projection(foldEvent);
}
