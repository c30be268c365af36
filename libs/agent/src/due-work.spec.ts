import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '#adapters';
import { DueWork } from './due-work.js';

describe('due work', () => {
  it('is done once for all that was said in one moment, and once more for what came while it was under way', async () => {
    const { due, begun, end, settle } = work();
    due.look();
    due.look();
    await settle();
    expect(begun()).toBe(1);
    due.look();
    due.look();
    await settle();
    expect([begun(), due.isDue]).toEqual([1, true]);
    await end();
    expect(begun()).toBe(2);
    await end();
    expect([begun(), due.isDue, due.isRunning]).toEqual([2, false, false]);
  });
  it('that failed is tried again later and later, a minute at most, and soon again once it worked', async () => {
    const { due, begunAt, end, pass, clock } = work();
    due.look();
    for (let i = 0; i < 9; i++) {
      await end(new Error('no'));
      await pass(60_000);
    }
    const gaps = begunAt.slice(1).map((at, i) => at - (begunAt[i] ?? 0));
    expect(gaps).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    await end();
    due.look();
    await end(new Error('no'));
    const before = clock.monotonic();
    await pass(60_000);
    expect((begunAt.at(-1) ?? 0) - before).toBe(1000);
  });
  it('waits for leave to go', async () => {
    let mayGo = false;
    const { due, begun, end, settle } = work(() => mayGo);
    due.look();
    await settle();
    expect([begun(), due.isDue, due.isRunning]).toEqual([0, true, false]);
    mayGo = true;
    due.look();
    await settle();
    expect(begun()).toBe(1);
    await end();
  });
  it('is not begun after the stop', async () => {
    const { due, begun, end, pass } = work();
    due.look();
    await end(new Error('no'));
    due.stop();
    await pass(60_000);
    due.look();
    await pass(60_000);
    expect(begun()).toBe(1);
  });
});

/** Work that ends when it is told to. */
function work(mayGo?: () => boolean) {
  const clock = new VirtualClock(0);
  const begunAt: number[] = [];
  let finish: (error?: Error) => void = () => undefined;
  const due = new DueWork({
    clock,
    mayGo,
    work: () => {
      begunAt.push(clock.monotonic());
      return new Promise((resolve, reject) => (finish = (error) => (error ? reject(error) : resolve())));
    },
  });
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  return {
    ...{ clock, due, begunAt, settle, begun: () => begunAt.length },
    end: async (error?: Error): Promise<void> => {
      await settle();
      finish(error);
      await settle();
    },
    /** Until the next try has begun, so long at most. */
    pass: async (ms: number): Promise<void> => {
      clock.ringNext(clock.monotonic() + ms);
      await settle();
    },
  };
}
