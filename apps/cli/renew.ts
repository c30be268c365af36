import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  KeyRotation,
  NatsAuthority,
  joinState,
  openFileKeys,
  REVOKED_KEYS,
  signingCa,
  SystemClock,
  withAccounts,
  type StoredKeys,
} from '#adapters';
import { readSettings } from '#nest';
import { isJsonObject } from '#std';
import { explain, say } from '#terminal';
import { EVENT_STORE_FOLDER, LOGINS } from './event-store.js';

export interface RenewOptions {
  readonly bus: string;
  readonly eventStore?: string;
}

const LOOK_MS = 1000;

/**
 * Renews what `shiplog setup` made, for containers that cannot do it themselves: certificates of the bus and the event store when
 * they are due, the CAs in everybody's credentials when they change, the bus's list of revoked nodes. The keys themselves are
 * rotated by the process with the writer. Runs until it is ended.
 */
export async function renew({ bus, eventStore }: RenewOptions): Promise<void> {
  // The first process of a container ends by no signal that it does not take.
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(0));
  try {
    const { home } = readSettings('renew', [], process.env);
    const keys = await openFileKeys(home);
    const rotation = new KeyRotation({ keys, clock: new SystemClock(), rotates: () => false, onProblem: complain });
    await rotation.keep(() => renewFiles(home, keys, { busHost: new URL(bus).hostname, eventStore }));
    await rotation.start();
    say('Renewing certificates, and what containers trust, as long as this runs.');
    await followRevoked(home, keys);
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exitCode = 1;
  }
}

/** Never returns. The accounts of tokens come and go as revoked nodes do. */
async function followRevoked(home: string, keys: StoredKeys): Promise<void> {
  for (let told = ''; ; await sleep(LOOK_MS)) {
    const now = keys.store.list(REVOKED_KEYS).join() + joinState(keys.store);
    if (now === told) continue;
    try {
      const path = join(home, 'nats', 'server.conf');
      write(path, withAccounts(readFileSync(path, 'utf8'), await NatsAuthority.open(keys.store)));
      told = now;
    } catch (cause) {
      complain(cause);
    }
  }
}

interface Hosts {
  readonly busHost: string;
  readonly eventStore: string | undefined;
}

async function renewFiles(home: string, keys: StoredKeys, { busHost, eventStore }: Hosts): Promise<void> {
  const isDue = (path: string): boolean => keys.isCertificateDue(readFileSync(path, 'utf8'));
  writeTrust(home, keys.caCertificate);
  if (isDue(join(home, 'nats', 'server.crt'))) {
    await writeBusCertificate(home, keys, busHost);
    say('The certificate of the bus was renewed.');
  }
  if (eventStore !== undefined && isDue(join(home, EVENT_STORE_FOLDER, 'node.crt'))) {
    await writeEventStoreCertificate(home, keys, eventStore);
    say('The certificate of the event store was renewed: it takes it into use when it is started again.');
  }
}

function complain(cause: unknown): void {
  say(`Not renewed, it is tried again: ${explain(cause)}`);
}

export async function writeBusCertificate(home: string, keys: StoredKeys, host: string): Promise<void> {
  const issued = await keys.issueCertificate({
    commonName: 'nats',
    usage: 'server',
    dnsNames: isIP(host) ? ['localhost'] : [host, 'localhost'],
    ipAddresses: isIP(host) ? [host, '127.0.0.1'] : ['127.0.0.1'],
  });
  write(join(home, 'nats', 'server.key'), issued.privateKey);
  // A machine that joins has the CA's hash only, so the CA is sent too.
  write(join(home, 'nats', 'server.crt'), issued.certificate + signingCa(keys));
}

export async function writeEventStoreCertificate(home: string, keys: StoredKeys, host: string): Promise<void> {
  // The server takes RSA keys only, and shows its certificate as a client too.
  const issued = await keys.issueCertificate({
    commonName: 'eventstoredb-node',
    usage: 'both',
    keyType: 'rsa',
    dnsNames: [host, 'localhost'],
    ipAddresses: ['127.0.0.1'],
  });
  const folder = join(home, EVENT_STORE_FOLDER);
  // The genuine image runs as a user of its own: nothing but that container mounts this folder.
  write(join(folder, 'node.key'), issued.privateKey, 0o644);
  write(join(folder, 'node.crt'), issued.certificate, 0o644);
}

/** Writes the CAs wherever a container reads them, where they are not the ones that stand there. */
export function writeTrust(home: string, ca: string): void {
  const credentials = join(home, 'credentials');
  for (const app of names(credentials)) renewCa(join(credentials, app, 'bus.json'), ca);
  for (const name of names(join(home, 'agents'))) renewCa(join(home, 'agents', name), ca);
  if (!existsSync(join(home, EVENT_STORE_FOLDER, 'node.crt'))) return;
  for (const { app } of LOGINS) writeChanged(join(credentials, app, 'ca.crt'), ca);
  const folder = join(home, EVENT_STORE_FOLDER, 'ca');
  writeChanged(join(folder, 'ca.crt'), ca, 0o644);
  // The server reads one certificate of each file.
  const others = ca.split(/(?<=-----END CERTIFICATE-----\n)/).slice(1);
  others.forEach((one, i) => writeChanged(join(folder, `earlier-${i + 1}.crt`), one, 0o644));
  for (const name of names(folder))
    if (Number(/^earlier-(\d+)\.crt$/.exec(name)?.[1] ?? 0) > others.length) rmSync(join(folder, name));
}

function renewCa(path: string, ca: string): void {
  if (!path.endsWith('.json') || !existsSync(path)) return;
  const credentials: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (isJsonObject(credentials) && credentials['ca'] !== ca) write(path, JSON.stringify({ ...credentials, ca }));
}

function writeChanged(path: string, text: string, mode?: number): void {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) write(path, text, mode);
}

/** Whole or not at all: another container may be reading it. */
export function write(path: string, text: string, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const temporary = `${path}.new`;
  writeFileSync(temporary, text, { mode });
  chmodSync(temporary, mode);
  renameSync(temporary, path);
}

function names(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
