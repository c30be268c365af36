import { LogUnavailable } from '#ports';
import type { EventLog } from '#ports';
import { MemoryEventLog } from './memory/memory-event-log.js';
import { SqliteEventLog } from './sqlite/sqlite-event-log.js';

export interface OpenEventLogOptions {
  /** `read` for every process but the one that appends; where many may write it makes no difference. */
  readonly mode?: 'write' | 'read';
  /** Name of the cluster: keeps clusters apart that share one EventStoreDB. */
  readonly cluster?: string;
}

/** Opens the log that a setting names: `sqlite:<path>`, `memory:`, `esdb://…`. */
export async function openEventLog(spec: string, options: OpenEventLogOptions = {}): Promise<EventLog> {
  const { mode = 'write' } = options;
  if (spec === 'memory:') return new MemoryEventLog();
  if (spec.startsWith('sqlite:') && spec.length > 'sqlite:'.length) return SqliteEventLog.open(spec.slice('sqlite:'.length), { mode });
  throw new LogUnavailable(`The event log "${spec}" is none that Shiplog knows; use sqlite:<path>, memory: or esdb://<host>:<port>.`);
}
