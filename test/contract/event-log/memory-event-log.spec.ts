import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog, MemoryLogStore } from '#adapters';
import type { AppendFate } from '#adapters';
import { AppendVoid, LogDamaged, LogFull, LogUnavailable } from '#ports';
import { eventLogContract } from './event-log.contract.js';
import type { LogPlace } from './event-log.contract.js';
import { collect, eventOf } from './log-testing.js';

eventLogContract('memory', async (): Promise<LogPlace> => {
  const store = new MemoryLogStore({ step: (position) => 1 + (position % 3) });
  let afterAppend: AppendFate = 'go-on';
  const faults = {
    afterAppendBeforeAck: (): AppendFate => {
      const fate = afterAppend;
      afterAppend = 'go-on';
      return fate;
    },
  };
  return {
    open: async () => new MemoryEventLog({ store, faults }),
    openBeside: async () => new MemoryEventLog({ store }),
    addForeign: async (count) => store.addForeign(count),
    loseNextAnswer: () => (afterAppend = 'fail'),
    remove: async () => undefined,
  };
});

describe('memory log under simulation:', () => {
  /** Runs work only when told to, last first: the log must not depend on the order. */
  const turns = () => {
    const work: (() => void)[] = [];
    return { schedule: (run: () => void) => void work.push(run), work, turn: () => work.pop()?.() };
  };

  it('loses what was not durable when its process dies, and keeps what was', async () => {
    const store = new MemoryLogStore();
    const { schedule, work, turn } = turns();
    const log = new MemoryEventLog({ store, schedule });
    let settled = 0;
    const count = (): void => void settled++;
    log.append('a', eventOf('a', -1), -1).then(count, count);
    turn();
    log.append('a', eventOf('a', 0), 0).then(count, count);
    log.kill();
    while (work.length > 0) turn();
    await Promise.resolve();
    expect(settled).toBe(0);
    expect(store.events.map((event) => event.revision)).toEqual([0]);
    const next = new MemoryEventLog({ store });
    expect(await next.append('a', eventOf('a', -1), -1)).toEqual({ position: 1, revision: 0 });
  });

  it('keeps the order of appends whatever the scheduler does', async () => {
    const { schedule, work, turn } = turns();
    const log = new MemoryEventLog({ schedule });
    const appends = [-1, 0, 1, 2].map((revision) => log.append('a', eventOf('a', revision), revision));
    while (work.length > 0) turn();
    expect((await Promise.all(appends)).map((appended) => appended.revision)).toEqual([0, 1, 2, 3]);
  });

  it('stores nothing when it fails before the append', async () => {
    const log = new MemoryEventLog({ faults: { beforeAppend: () => 'fail' } });
    await expect(log.append('a', eventOf('a', -1), -1)).rejects.toBeInstanceOf(LogUnavailable);
    expect(await collect(log.readAll(0))).toEqual([]);
  });

  it('has no room for an append, and voids those that were sent before that was known', async () => {
    const fates: AppendFate[] = ['full'];
    const log = new MemoryEventLog({ faults: { beforeAppend: () => fates.pop() ?? 'go-on' } });
    const appends = [log.append('a', eventOf('a', -1), -1), log.append('a', eventOf('a', 0), 0)];
    const [first, second] = await Promise.allSettled(appends);
    expect(first).toMatchObject({ reason: expect.any(LogFull) });
    expect(second).toMatchObject({ reason: expect.any(AppendVoid) });
    expect((await log.append('a', eventOf('a', -1), -1)).revision).toBe(0);
  });

  it('voids those behind one that is out of reach, unless others write too', async () => {
    for (const shared of [false, true]) {
      const fates: AppendFate[] = ['fail'];
      const log = new MemoryEventLog({ shared, faults: { beforeAppend: () => fates.pop() ?? 'go-on' } });
      const appends = [log.append('a', eventOf('a', -1), -1), log.append('b', eventOf('b', -1), -1)];
      const [first, second] = await Promise.allSettled(appends);
      expect(first).toMatchObject({ reason: expect.any(LogUnavailable) });
      if (shared) expect(second).toMatchObject({ value: { revision: 0 } });
      else expect(second).toMatchObject({ reason: expect.any(AppendVoid) });
    }
  });

  it('carries out an append that was given up on, unless the stream has moved', async () => {
    const late: (() => void)[] = [];
    const fates: AppendFate[] = ['late', 'go-on', 'late'];
    const faults = { beforeAppend: () => fates.pop() ?? 'go-on', later: (work: () => void) => void late.push(work) };
    const log = new MemoryEventLog({ faults });
    await expect(log.append('a', eventOf('a', -1), -1)).rejects.toBeInstanceOf(LogUnavailable);
    late.pop()?.();
    expect(await collect(log.readStream('a', 0))).toHaveLength(1);
    await log.append('a', eventOf('a', 0), 0);
    await expect(log.append('a', eventOf('a', 0, 'another cause'), 0)).rejects.toBeInstanceOf(LogUnavailable);
    late.pop()?.();
    expect((await collect(log.readStream('a', 0))).map(({ id }) => id)).toEqual([
      eventOf('a', -1).id,
      eventOf('a', 0).id,
    ]);
  });

  it('refuses to give an event of which a bit was flipped, to readers and to followers', async () => {
    const store = new MemoryLogStore();
    const log = new MemoryEventLog({ store });
    for (let revision = -1; revision < 3; revision++) await log.append('a', eventOf('a', revision), revision);
    store.damage(3);
    await expect(collect(log.readAll(0))).rejects.toMatchObject({ name: 'LogDamaged', position: 3 });
    const ended = new Promise((resolve) => log.subscribe(0, () => undefined, resolve));
    expect(await ended).toBeInstanceOf(LogDamaged);
    expect(await collect(log.readAll(3))).toHaveLength(1);
  });

  it('is as it was at a position after a backup was restored', async () => {
    const store = new MemoryLogStore();
    const log = new MemoryEventLog({ store });
    for (let revision = -1; revision < 3; revision++) await log.append('a', eventOf('a', revision), revision);
    store.restoreTo(2);
    expect(await log.head()).toBe(2);
    expect(await log.append('a', eventOf('a', 1, 'another cause'), 1)).toEqual({ position: 3, revision: 2 });
  });
});
