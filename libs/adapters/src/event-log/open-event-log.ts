import { LogUnavailable } from '#ports';
import type { EventLog } from '#ports';
import type { EventStoreDbEventLogOptions } from './event-store-db/event-store-db-event-log.js';
import { eventLogName } from './event-log-name.js';
import { MemoryEventLog } from './memory/memory-event-log.js';
import { SqliteEventLog } from './sqlite/sqlite-event-log.js';

export interface OpenEventLogOptions {
  /** `read` for every process but the one that appends; where many may write it makes no difference. */
  readonly mode?: 'write' | 'read';
  /** Name of the cluster: keeps clusters apart that share one EventStoreDB. */
  readonly cluster?: string;
  /** How the disk under an embedded log is to fail in a test; see {@link FaultyDisk}. */
  readonly faults?: string | undefined;
  /** How patient to be with a server. */
  readonly patience?: Pick<EventStoreDbEventLogOptions, 'answerMs' | 'giveUpMs'>;
}

/** Opens the log that a setting names: `sqlite:<path>`, `memory:`, `esdb://…`. */
export async function openEventLog(spec: string, options: OpenEventLogOptions = {}): Promise<EventLog> {
  const { mode = 'write', cluster = 'default', faults } = options;
  if (spec === 'memory:') return new MemoryEventLog();
  if (spec.startsWith('sqlite:') && spec.length > 'sqlite:'.length)
    return SqliteEventLog.open(spec.slice('sqlite:'.length), { mode, ...(faults !== undefined && { faults }) });
  if (/^esdb(\+discover)?:\/\/./.test(spec)) {
    // Only here: the client and its protocol are large, and an embedded log has no use for them.
    const { EventStoreDbEventLog } = await import('./event-store-db/event-store-db-event-log.js');
    return EventStoreDbEventLog.open(spec, { cluster, mode, ...options.patience });
  }
  throw new LogUnavailable(
    `The event log "${eventLogName(spec)}" is none that Shiplog knows; use sqlite:<path>, memory: or esdb://<host>:<port>.`,
  );
}
