import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SqliteEventLog } from '#adapters';
import { LogUnavailable } from '#ports';
import type { Appended, EventLog, RecordedEvent } from '#ports';
import { eventLogContract } from './event-log.contract.js';
import type { LogPlace } from './event-log.contract.js';
import { collect, eventOf } from './log-testing.js';

eventLogContract('sqlite', async (): Promise<LogPlace> => {
  const folder = await mkdtemp(join(tmpdir(), 'shiplog-log-'));
  const path = join(folder, 'log.db');
  return {
    open: () => SqliteEventLog.open(path),
    openBeside: () => SqliteEventLog.open(path, { mode: 'read' }),
    loseNextAnswer: losesNextAnswer,
    remove: () => rm(folder, { recursive: true }),
  };
});

/** The answer of an embedded log can only be lost with its process; here it is lost on the way to the caller. */
function losesNextAnswer(log: EventLog): void {
  const append = log.append.bind(log);
  log.append = async (stream, event, expectedRevision): Promise<Appended> => {
    log.append = append;
    await append(stream, event, expectedRevision);
    throw new LogUnavailable('the answer was lost');
  };
}

describe('the SQLite log', () => {
  it('gives several readers all of it at a time, in pages that are read ahead, and stops when one stops', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shiplog-log-'));
    try {
      const log = await SqliteEventLog.open(join(folder, 'log.db'));
      const written = Array.from({ length: 400 }, (_, i) => {
        const [stream, revision] = [`s/${i % 7}`, Math.floor(i / 7)];
        // Now and then one that is larger than a page, in letters that take one, two, three or four bytes.
        const text = ['x', 'ü', '語', '🚢'][i % 4]?.repeat(i % 50 === 0 ? 200_000 : i * 20) ?? '';
        return { stream, revision, event: { ...eventOf(stream, revision - 1), data: { text } } };
      });
      for (const { stream, revision, event } of written) await log.append(stream, event, revision - 1);
      const shown = written.map(({ stream, event }) => ({ stream, id: event.id, data: event.data }));
      const all = () =>
        collect(log.readAll(0)).then((events) => events.map(({ stream, id, data }) => ({ stream, id, data })));
      for await (const events of log.readAll(0)) {
        expect(events[0]?.position).toBe(1);
        break;
      }
      expect(await Promise.all([all(), all()])).toEqual([shown, shown]);
      // Who is done with an event gives its memory to others, but not that of an event that somebody still holds.
      const held: RecordedEvent[] = [];
      const read: unknown[] = [];
      let batches = 0;
      for await (const events of log.readAll(0)) {
        // An event that is done with may be another one later, so it is not held.
        const kept = batches++ % 2 === 1 ? events.slice(0, 1) : [];
        held.push(...kept);
        for (const recorded of events) {
          const { stream, id, data } = recorded.open();
          read.push({ stream, id, data });
          if (!kept.includes(recorded)) recorded.done();
        }
      }
      expect(read).toEqual(shown);
      expect(held.length).toBeGreaterThan(1);
      for (const recorded of held) expect(recorded.open().id).toBe(written[recorded.position - 1]?.event.id);
      for await (const _events of log.readAll(0)) break;
      await log.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
