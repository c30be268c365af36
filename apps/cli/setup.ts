import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { natsConfig, NatsAuthority, openFileKeys, type NatsPermissions } from '#adapters';
import { agentPermissions, appPermissions } from '#engine';
import { explain, readSettings, say } from '#nest';

export interface SetupOptions {
  readonly bus: string;
  readonly agentBus?: string;
  readonly node: readonly string[];
}

/** Apps that hold no keys: they get their credentials from a file. */
const KEYLESS = ['controllers', 'scheduler', 'feed'];
/** Where the nats container finds what is made here. */
const MOUNTED = '/etc/shiplog-nats';

/**
 * Prepares a cluster whose apps run in containers of their own: `keys` for api and health, `nats` for the bus, and one
 * credentials file for each process without keys. Running it again keeps the keys and renews the rest.
 */
export async function setup(options: SetupOptions): Promise<void> {
  try {
    const { home } = readSettings('setup', [], process.env);
    const keys = await openFileKeys(home);
    const authority = await NatsAuthority.open(keys.store);
    const host = new URL(options.bus).hostname;
    const server = await keys.issueCertificate({
      commonName: 'nats',
      usage: 'server',
      dnsNames: [host, 'localhost'],
      ipAddresses: ['127.0.0.1'],
    });
    // The server in its container may run as another user: only this folder is mounted there, and only there.
    write(join(home, 'nats', 'server.crt'), server.certificate, 0o644);
    write(join(home, 'nats', 'server.key'), server.privateKey, 0o644);
    write(join(home, 'nats', 'server.conf'), natsConfig({ listen: '0.0.0.0:4222', folder: MOUNTED, authority }), 0o644);
    const admit = async (folder: string, name: string, url: string, permissions: NatsPermissions): Promise<void> => {
      const user = await authority.issueUser(name, permissions);
      write(join(home, folder, `${name}.json`), JSON.stringify({ url, ca: keys.caCertificate, ...user }), 0o600);
    };
    for (const app of KEYLESS) await admit('credentials', app, options.bus, appPermissions([app]));
    for (const node of options.node) {
      await admit('agents', node, options.agentBus ?? options.bus, agentPermissions(node.toLowerCase()));
    }
    say(`Keys, bus configuration and credentials are in ${home}.`);
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exitCode = 1;
  }
}

function write(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(path, text, { mode });
}
