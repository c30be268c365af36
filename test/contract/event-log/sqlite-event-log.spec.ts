import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteEventLog } from '#adapters';
import { LogUnavailable } from '#ports';
import type { Appended, EventLog } from '#ports';
import { eventLogContract } from './event-log.contract.js';
import type { LogPlace } from './event-log.contract.js';

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
