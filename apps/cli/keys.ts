import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import {
  BACKDATED_MS,
  KEY_NAMES,
  keyFacts,
  newestInForce,
  openFileKeys,
  SystemClock,
  type KeyFacts,
  type KeyName,
  type StoredKeys,
} from '#adapters';
import { readSettings } from '#nest';
import { Fault, type Instant } from '#std';
import { explain, say } from '#terminal';
import { localCluster, type Cluster } from './cluster.js';

/** How long a running cluster may take to have a new key in use. */
const TAKEN_IN_MS = 60_000;
const LOOK_MS = 250;
/** One that does not listen refuses at once; one that is silent for a while is busy. */
const ANSWER_MS = 20_000;
const clock = new SystemClock();

const TITLES: Readonly<Record<KeyName, string>> = {
  ca: 'CA',
  frontProxy: 'front-proxy CA',
  tokens: 'token key',
  master: 'master key',
  certificates: 'certificates',
};

export type RotateOptions = Readonly<Partial<Record<KeyName, boolean>>>;

/** Shows which keys and certificates there are, since when and until when. Nothing of the keys themselves. */
export async function listKeys(): Promise<void> {
  await withKeys(async (keys, home) => {
    const rows = keyFacts(keys, clock.now()).map(rowOfKey);
    for (const [what, pem] of await certificates(home)) rows.push(rowOfCertificate(what, pem));
    printTable([['KEY', 'MADE', 'BY', 'STATE', 'UNTIL'], ...rows]);
  });
}

/** Makes successors now, and waits until the running cluster has them in use. */
export async function rotateKeys(options: RotateOptions): Promise<void> {
  await withKeys(async (keys, home) => {
    const chosen = KEY_NAMES.filter((name) => options[name] === true);
    const names = chosen.length > 0 ? chosen : KEY_NAMES;
    for (const name of names) {
      await keys.rotate(name, userName());
      const number = keys.rotating[name].generations.at(-1)?.number;
      say(name === 'certificates' ? 'All certificates are to be renewed.' : `Made: ${TITLES[name]} ${number}.`);
    }
    const cluster = clusterOf(home);
    if (cluster === undefined || (await shownBy(cluster, keys)) === undefined) {
      say('No API of this cluster answers here: its next start takes them into use.');
      return;
    }
    await takenIn(keys, home, names);
    say('The running cluster has them in use. See "shiplog keys" for how long the earlier ones are trusted.');
  });
}

async function withKeys(act: (keys: StoredKeys, home: string) => Promise<void>): Promise<void> {
  try {
    const { home } = readSettings('cli', [], process.env);
    if (!existsSync(join(home, 'keys')))
      throw new Fault(`There is no key store in ${home}: set SHIPLOG_HOME to the folder of the control plane.`, false);
    await act(await openFileKeys(home), home);
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exitCode = 1;
  }
}

/** Waits until what the cluster shows of its keys follows from the key store. */
async function takenIn(keys: StoredKeys, home: string, names: readonly KeyName[]): Promise<void> {
  const end = clock.monotonic() + TAKEN_IN_MS;
  const isInUse: Readonly<Record<KeyName, () => Promise<boolean>>> = {
    ca: () => isCurrent(keys, home),
    // Until the mark is in force, those from before it are not due.
    certificates: () => (isMarkInForce(keys) ? isCurrent(keys, home) : Promise.resolve(false)),
    frontProxy: () => Promise.resolve(newest(keys, 'frontProxy')?.state === 'in use'),
    tokens: () => Promise.resolve(newest(keys, 'tokens')?.state === 'in use'),
    // The one with the writer destroys the old one when the new one has wrapped everything.
    master: () => Promise.resolve(keys.rotating.master.generations.length === 1),
  };
  for (const name of names) {
    for (;;) {
      await keys.refresh();
      if (await isInUse[name]()) break;
      if (clock.monotonic() > end)
        throw new Fault(
          `The running cluster does not have the new ${TITLES[name]} in use after ${TAKEN_IN_MS / 1000} s: see what it says, and "shiplog keys".`,
          true,
        );
      await sleep(LOOK_MS);
    }
  }
}

function isMarkInForce({ rotating: { certificates } }: StoredKeys): boolean {
  return newestInForce(certificates.generations, clock.now()) === certificates.generations.length - 1;
}

/** Whether the API shows a certificate that is not due, and the kubeconfig, which the API writes after that, has one. */
async function isCurrent(keys: StoredKeys, home: string): Promise<boolean> {
  if (newest(keys, 'ca')?.state !== 'in use') return false;
  const cluster = clusterOf(home);
  const shown = cluster && (await shownBy(cluster, keys));
  if (shown === undefined) return false;
  return !keys.isCertificateDue(shown) && !keys.isCertificateDue(cluster?.login.cert ?? shown);
}

function newest(keys: StoredKeys, name: KeyName): KeyFacts | undefined {
  return keyFacts(keys, clock.now()).findLast(({ key }) => key === name);
}

/** The certificates whose holders this machine can look at, in PEM. */
async function certificates(home: string): Promise<readonly (readonly [string, string])[]> {
  const found: [string, string][] = [];
  const cluster = clusterOf(home);
  if (cluster?.login.cert !== undefined) found.push(["the kubeconfig's", cluster.login.cert]);
  const api = cluster && (await shownBy(cluster));
  if (api !== undefined) found.push(["the API's", api]);
  const bus = join(home, 'nats', 'server.crt');
  if (existsSync(bus)) found.push(["the bus's", readFileSync(bus, 'utf8')]);
  return found;
}

function clusterOf(home: string): Cluster | undefined {
  // Not the one of KUBECONFIG, which may be another cluster's.
  return existsSync(join(home, 'kubeconfig')) ? localCluster(join(home, 'kubeconfig')) : undefined;
}

/** The certificate that the API shows, in PEM; undefined when nothing answers that the cluster's CA vouches for. */
function shownBy({ server, ca }: Cluster, keys?: StoredKeys): Promise<string | undefined> {
  const { hostname, port } = new URL(server);
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connect(
      { host, port: Number(port || 443), ca: keys?.caCertificate ?? ca, timeout: ANSWER_MS },
      () => {
        resolve(socket.getPeerX509Certificate()?.toString());
        socket.destroy();
      },
    );
    socket.once('error', () => resolve(undefined));
    socket.once('timeout', () => {
      resolve(undefined);
      socket.destroy();
    });
  });
}

function rowOfKey({ key, number, made, by, state, from, until }: KeyFacts): readonly string[] {
  const shown = from === undefined ? state : `in use from ${date(from)} on`;
  const age = made === undefined ? 'an older build' : `${date(made)} (${days(clock.now() - made)} ago)`;
  return [`${TITLES[key]} ${number}`, age, by || '-', shown, until === undefined ? '-' : ending(until)];
}

function rowOfCertificate(what: string, pem: string): readonly string[] {
  const { validFromDate, validToDate } = new X509Certificate(pem);
  const made = validFromDate.getTime() + BACKDATED_MS;
  return [
    `${what} certificate`,
    `${date(made)} (${days(clock.now() - made)} ago)`,
    '-',
    'in use',
    ending(validToDate.getTime()),
  ];
}

function ending(until: Instant): string {
  return until === Infinity ? 'for ever' : `${date(until)} (in ${days(until - clock.now())})`;
}

function date(instant: Instant): string {
  return new Date(instant).toISOString().slice(0, 19).replace('T', ' ');
}

function days(ms: number): string {
  const count = Math.floor(ms / 86_400_000);
  return count === 1 ? '1 day' : `${count} days`;
}

function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  for (const row of rows)
    say(
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

/** Stands in the key store with what was made. In a container a user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? ''}`;
  }
}
