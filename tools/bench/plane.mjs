import { join } from 'node:path';

/** One process's view of the log in `<folder>/events.db`, with the log to be closed after it. */
export async function openPlane(folder, more = {}) {
  const { RandomIds, SqliteEventLog, SystemClock } = await import('#adapters');
  const { ControlPlane } = await import('#engine');
  const { registry } = await import('#kinds');
  const log = await SqliteEventLog.open(join(folder, 'events.db'));
  const plane = new ControlPlane({
    log,
    kinds: registry,
    keys: { seal: (_uid, _version, clear) => clear, open: (_uid, sealed) => sealed },
    clock: new SystemClock(),
    ids: new RandomIds(),
    build: 'bench',
    soon: setImmediate,
    onFatal: (cause) => {
      throw cause;
    },
    ...more,
  });
  return { log, plane };
}
