import { setImmediate as nextTurn } from 'node:timers/promises';

/** A body of so many bytes may take milliseconds for each thing that is done with it. */
const LARGE_BYTES = 32 * 1024;
/** After so long on the thread that answers everybody, work that comes in parts lets others have it. */
const TURN_MS = 3;

/**
 * Lets whoever waits be answered before the next step of a request with a large body. One thread answers everybody: read,
 * decided and written in one go, such a request would keep all others waiting for the sum of its steps.
 */
export async function othersFirst(bodyBytes: number): Promise<void> {
  if (bodyBytes > LARGE_BYTES) await nextTurn();
}

/** Takes all parts of a work that is done part by part; others are answered between them. */
export async function inTurns<T>(parts: Iterable<T>): Promise<T[]> {
  const taken: T[] = [];
  let since = performance.now();
  for (const part of parts) {
    taken.push(part);
    if (performance.now() - since < TURN_MS) continue;
    await nextTurn();
    since = performance.now();
  }
  return taken;
}

/** Many works that go on side by side, of which no more is done in one turn than others can wait for. */
export class Turns {
  private since = performance.now();
  private next: Promise<void> | undefined;

  /** Begins a work in a turn that has time left. */
  async take<T>(work: () => T | Promise<T>): Promise<T> {
    while (performance.now() - this.since >= TURN_MS) await (this.next ??= this.others());
    return work();
  }

  private async others(): Promise<void> {
    await nextTurn();
    this.since = performance.now();
    this.next = undefined;
  }
}
