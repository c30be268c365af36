import type { EventLog, RecordedEvent } from '#ports';
import type { StreamProofs } from './stream-proofs.js';

/** Splits one reading of the log: `past` ends at position `upTo`, `rest` continues there and may be read only after `past`. */
export function splitAt(
  upTo: number,
  batches: AsyncIterable<readonly RecordedEvent[]>,
): { readonly past: AsyncIterable<readonly RecordedEvent[]>; readonly rest: AsyncIterable<readonly RecordedEvent[]> } {
  const reading = batches[Symbol.asyncIterator]();
  let left: readonly RecordedEvent[] = [];
  return {
    past: (async function* () {
      for (let next = await reading.next(); !next.done; next = await reading.next()) {
        left = next.value.filter(({ position }) => position > upTo);
        yield next.value.slice(0, next.value.length - left.length);
        if (left.length > 0) return;
      }
    })(),
    rest: (async function* () {
      yield left;
      for (let next = await reading.next(); !next.done; next = await reading.next()) yield next.value;
    })(),
  };
}

/** Yields a batch only after the proofs of all batches before it were checked. */
export async function* verified(
  batches: AsyncIterable<readonly RecordedEvent[]>,
  proofs: StreamProofs,
): AsyncIterable<readonly RecordedEvent[]> {
  for await (const events of batches) {
    yield events;
    await proofs.settle();
  }
}

/** Events in (`after`, `upTo`], in the batches of the log. */
export async function* eventsBetween(
  log: Pick<EventLog, 'readAll'>,
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
