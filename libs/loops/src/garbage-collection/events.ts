import { events, type CoreEvent } from '#kinds';
import type { Loop } from '#model';
import { parseInstant, type Instant } from '#std';
import { remove, streamOfObject, wakeAtFirst } from '../shared/index.js';

const KEPT_MS = 7 * 24 * 3_600_000;
const PAUSE_MS = 3_600_000;
const REMOVED_MAX = 500;
const KEY = 'events';

/** Takes what nobody looks at any more from the list of events. The log keeps them: a look into the past shows them. */
export const eventGarbageCollection: Loop = {
  name: 'event-garbage-collection',
  account: 'generic-garbage-collector',
  // Every new event would only say that an hour's pause is enough.
  keysOf: () => [],
  keysAtStart: () => [KEY],
  reconcile(view, _key, now) {
    const old = view.list(events).filter((event) => lastSeen(event) + KEPT_MS <= now);
    const removed = old.slice(0, REMOVED_MAX).map((event) =>
      remove(events, event, {
        because: 'it has not happened for seven days',
        basedOn: [streamOfObject(events, event)],
      }),
    );
    return [...removed, ...wakeAtFirst([now + (old.length > REMOVED_MAX ? 1000 : PAUSE_MS)], now)];
  },
};

function lastSeen({ lastTimestamp, eventTime, series, metadata }: CoreEvent): Instant {
  const moments = [lastTimestamp, eventTime, series?.lastObservedTime, metadata.creationTimestamp];
  return Math.max(0, ...moments.map((moment) => parseInstant(moment) ?? 0));
}
