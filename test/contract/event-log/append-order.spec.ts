import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryEventLog, SqliteEventLog } from '#adapters';
import { AppendVoid, EventTooLarge, type EventLog } from '#ports';
import { collect, eventOf } from './log-testing.js';

describe('a log that keeps the order of appends', () => {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });
  const open: Record<string, () => Promise<EventLog>> = {
    memory: async () => new MemoryEventLog(),
    sqlite: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'shiplog-order-'));
      ends.push(() => rm(folder, { recursive: true, force: true }));
      return SqliteEventLog.open(join(folder, 'events.db'));
    },
  };

  it.each(['memory', 'sqlite'])('voids what was sent behind a refused event in the same turn (%s)', async (name) => {
    const log = await (open[name] as () => Promise<EventLog>)();
    ends.unshift(() => log.close());
    expect(log.inOrder).toBe(true);
    const large = { ...eventOf('large', -1), data: { text: 'x'.repeat(log.eventBytesMax) } };
    const sent = [log.append('large', large, -1), log.append('behind', eventOf('behind', -1), -1)];
    const [refused, behind] = await Promise.allSettled(sent);
    expect(refused).toMatchObject({ reason: expect.any(EventTooLarge) });
    expect(behind).toMatchObject({ reason: expect.any(AppendVoid) });
    expect((await log.append('behind', eventOf('behind', -1), -1)).revision).toBe(0);
    expect((await collect(log.readAll(0))).map(({ stream }) => stream)).toEqual(['behind']);
  });
});
