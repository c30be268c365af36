import { describe, expect, it } from '@jest/globals';
import { inTurns, Turns } from './turns.js';

/** Keeps the thread for so long. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Counts the turns in which somebody else had the thread. */
class Others {
  turns = 0;
  private isOver = false;

  start(): this {
    const again = (): void => {
      this.turns++;
      if (!this.isOver) setImmediate(again);
    };
    setImmediate(again);
    return this;
  }
  stop(): number {
    this.isOver = true;
    return this.turns;
  }
}

describe('work in turns', () => {
  it('lets others have the thread between its parts', async () => {
    const others = new Others().start();
    const parts = function* (): Generator<number> {
      for (let i = 0; i < 10; i++) {
        work(5);
        yield i;
      }
    };
    expect(await inTurns(parts())).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(others.stop()).toBeGreaterThanOrEqual(9);
  });

  it('that goes on side by side is not all done in one', async () => {
    const others = new Others().start();
    const turns = new Turns();
    const seen: number[] = [];
    const one = (): void => {
      work(5);
      seen.push(others.turns);
    };
    await Promise.all(Array.from({ length: 10 }, () => turns.take(one)));
    others.stop();
    expect(new Set(seen).size).toBe(10);
  });
});
