import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  natsConfig,
  withFormerOperator,
  NatsAuthority,
  NodeAdmission,
  openFileKeys,
  SystemClock,
  type NatsPermissions,
  type StoredKeys,
} from '#adapters';
import { agentPermissions, appPermissions } from '#engine';
import { readSettings } from '#nest';
import { explain, say } from '#terminal';
import { EVENT_STORE_FOLDER, LOGINS } from './event-store.js';
import { write, writeBusCertificate, writeEventStoreCertificate, writeTrust } from './renew.js';

export interface SetupOptions {
  readonly bus: string;
  readonly agentBus?: string;
  readonly eventStore?: string;
  readonly node: readonly string[];
}

/** Apps that hold no keys: they get their credentials for the bus from a file. */
const KEYLESS = ['controllers', 'scheduler', 'scaler', 'feed'];
/** Where the nats container finds what is made here. */
const MOUNTED = '/etc/shiplog-nats';

/**
 * Prepares a cluster whose apps run in containers of their own: `keys` for api and health, `nats` for the bus,
 * `event-store` for the event store, and one folder of credentials for each process. Running it again keeps the keys and
 * the passwords, and renews the rest.
 */
export async function setup(options: SetupOptions): Promise<void> {
  try {
    const { home } = readSettings('setup', [], process.env);
    const keys = await openFileKeys(home);
    const authority = await NatsAuthority.open(keys.store);
    const admission = new NodeAdmission(keys.store, authority, new SystemClock());
    const host = new URL(options.bus).hostname;
    await writeBusCertificate(home, keys, host);
    const path = join(home, 'nats', 'server.conf');
    const config = natsConfig({ listen: '0.0.0.0:4222', folder: MOUNTED, authority });
    write(path, existsSync(path) ? withFormerOperator(config, readFileSync(path, 'utf8')) : config);
    const admit = async (path: string, name: string, url: string, permissions: NatsPermissions): Promise<void> => {
      const user = await authority.issueUser(name, permissions);
      write(path, JSON.stringify({ url, ca: keys.caCertificate, ...user }));
    };
    for (const app of KEYLESS)
      await admit(join(home, 'credentials', app, 'bus.json'), app, options.bus, appPermissions([app]));
    for (const node of options.node) {
      const path = join(home, 'agents', `${node}.json`);
      const name = node.toLowerCase();
      const user = await admission.issue(name, agentPermissions(name));
      write(path, JSON.stringify({ url: options.agentBus ?? options.bus, ca: keys.caCertificate, ...user }));
    }
    if (options.eventStore !== undefined) await prepareEventStore(home, keys, options.eventStore);
    say(`Keys, bus configuration and credentials are in ${home}.`);
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exitCode = 1;
  }
}

/** Certificate and administrator's password for the server, a login for each process that reads or writes the log. */
async function prepareEventStore(home: string, keys: StoredKeys, host: string): Promise<void> {
  await writeEventStoreCertificate(home, keys, host);
  const folder = join(home, EVENT_STORE_FOLDER);
  for (const user of ['admin', 'ops']) writeOnce(join(folder, `${user}.password`), password(), 0o644);
  for (const { app } of LOGINS) {
    writeOnce(
      join(home, 'credentials', app, 'event-store.json'),
      JSON.stringify({ username: `shiplog-${app}`, password: password() }),
    );
  }
  writeTrust(home, keys.caCertificate);
}

function password(): string {
  return randomBytes(24).toString('base64url');
}

function writeOnce(path: string, text: string, mode = 0o600): void {
  write(path, existsSync(path) ? readFileSync(path, 'utf8') : text, mode);
}
