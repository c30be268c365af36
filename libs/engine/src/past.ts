import type { EventLog, RecordedEvent } from '#ports';
import type { StreamProofs } from './stream-proofs.js';

/** One reading of the log in two parts: what is up to a position, and, once that was read, the rest. */
export function partedAt(
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

/** The same batches; each is given only when what was unproven in those before it has been checked. */
export async function* proven(
  batches: AsyncIterable<readonly RecordedEvent[]>,
  proofs: StreamProofs,
): AsyncIterable<readonly RecordedEvent[]> {
  for await (const events of batches) {
    yield events;
    await proofs.settle();
  }
}

/** Events above a position, up to and with another, in the batches that the log gives. */
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
