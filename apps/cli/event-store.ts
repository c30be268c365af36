import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { restrictEventStore, type EventStoreLogin } from '#adapters';
import { readSettings } from '#nest';
import { explain, say } from '#terminal';

/** Where `shiplog setup` puts what the event store's own container needs. */
export const EVENT_STORE_FOLDER = 'event-store';
/** The processes that have a login on the event store; only the API's may append. */
export const LOGINS = [
  { app: 'api', appends: true },
  { app: 'controllers', appends: false },
  { app: 'scheduler', appends: false },
  { app: 'scaler', appends: false },
  { app: 'health', appends: false },
  { app: 'feed', appends: false },
] as const;

/** Restricts the event store at `url` to the logins that `shiplog setup` made in the data folder. */
export async function restrict(url: string): Promise<void> {
  try {
    const { home } = readSettings('event-store', [], process.env);
    const login = (app: string): EventStoreLogin =>
      JSON.parse(readFileSync(join(home, 'credentials', app, 'event-store.json'), 'utf8')) as EventStoreLogin;
    await restrictEventStore({
      url,
      administrator: {
        username: 'admin',
        password: readFileSync(join(home, EVENT_STORE_FOLDER, 'admin.password'), 'utf8').trim(),
      },
      writers: LOGINS.filter(({ appends }) => appends).map(({ app }) => login(app)),
      readers: LOGINS.filter(({ appends }) => !appends).map(({ app }) => login(app)),
    });
    say(`The event store serves ${LOGINS.length} logins, and nobody else.`);
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exitCode = 1;
  }
}
