import { decideAgain } from '#engine';
import type { Loop, StoredEvent } from '#model';

/** Every event of a loop comes out again when the same look is taken once more: what it was decided from is in the event. */
export async function otherDecisions(
  events: readonly StoredEvent[],
  loops: readonly Loop[],
  endsKeptMs: number,
): Promise<readonly string[]> {
  const pages = async function* (): AsyncIterable<readonly StoredEvent[]> {
    yield await Promise.resolve(events);
  };
  const { others, unknown } = await decideAgain(pages, { loops, endsKeptMs });
  return [
    ...(unknown > 0 ? [`${unknown} events of loops do not say what they were decided from`] : []),
    ...others.map(
      ({ position, loop, key, because, now }) =>
        `${loop} ${key} at ${position}: ${because}; now ${now.join('; ') || 'nothing'}`,
    ),
  ];
}
