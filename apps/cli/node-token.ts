import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { caHash, JoinClient, numberIn, openFileKeys, signingCa, SystemClock, type JoinToken } from '#adapters';
import { bootstrapTokenSecret, joiningBindings, joiningRole } from '#kinds';
import { hostAddress, ownAddresses, readSettings } from '#nest';
import { Fault, isJsonObject, toTime, type Json } from '#std';
import { explain, say } from '#terminal';
import { localCluster, type Cluster } from './cluster.js';
import { ask } from './request.js';

export interface TokenOptions {
  readonly ttl: string;
  readonly address?: string;
  readonly description?: string;
}

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const OPEN_MS = 15_000;

/** Makes a token, waits until the bus knows it, and prints the command by which a machine joins. */
export async function createToken({ ttl, address, description }: TokenOptions): Promise<void> {
  try {
    const { home, natsUrl } = readSettings('cli', [], process.env);
    const cluster = localCluster();
    const ends = endOf(ttl);
    const ca = await caOf(home, cluster);
    const reached = reachedAt(address, numberIn(join(home, 'nats', 'port')) ?? portOf(natsUrl));
    const token: JoinToken = { id: letters(6), secret: letters(16) };
    await bind(cluster);
    await create(
      cluster,
      '/api/v1/namespaces/kube-system/secrets',
      bootstrapTokenSecret({ ...token, ends, description }),
    );
    await usable(token, reached, ca);
    say(`On the machine that is to join, with Node and Docker, and TCP port ${reached.port} of this one open to it:`);
    say('');
    const where = reached.host.includes(':') ? `[${reached.host}]` : reached.host;
    const words = `${where}:${reached.port} --token ${token.id}.${token.secret} --ca-hash ${ca}`;
    say(`npx shiplog node join ${words}`);
    say('');
    say(ends === undefined ? 'The token has no end.' : `The token ends at ${toTime(ends)}.`);
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exitCode = 1;
  }
}

function endOf(ttl: string): number | undefined {
  if (ttl === '0') return undefined;
  const [, count, unit = ''] = /^([1-9]\d{0,5})([mhd])$/.exec(ttl) ?? [];
  if (count === undefined)
    throw new Fault(`"${ttl}" is no time: write it like 30m, 24h or 7d; 0 is without end`, false);
  return new SystemClock().now() + Number(count) * (UNITS_MS[unit] ?? 0);
}

async function caOf(home: string, cluster: Cluster): Promise<string> {
  const isHere = existsSync(join(home, 'keys'));
  return caHash(signingCa({ caCertificate: isHere ? (await openFileKeys(home)).caCertificate : cluster.ca }));
}

interface Reached {
  readonly host: string;
  readonly port: number;
}

function reachedAt(address: string | undefined, port: number | undefined): Reached {
  const [, bracketed, plain, own] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(address ?? '') ?? [];
  const found = own === undefined ? port : Number(own);
  if (found === undefined)
    throw new Fault('Say where other machines reach the bus, like --address 192.0.2.1:4222.', false);
  return { host: bracketed ?? (plain || hostAddress()), port: found };
}
function portOf(url: string | undefined): number | undefined {
  return url === undefined ? undefined : Number(new URL(url).port || 4222);
}

function letters(count: number): string {
  return Array.from({ length: count }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** Only while there is no binding yet: who takes the approval away wants to approve by hand. */
async function bind(cluster: Cluster): Promise<void> {
  const group = '/apis/rbac.authorization.k8s.io/v1';
  const path = `${group}/clusterrolebindings`;
  const [first, ...others] = joiningBindings;
  if (!first || (await ask(cluster, { path: `${path}/${encodeURIComponent(first.metadata.name)}` })).code === 200)
    return;
  await create(cluster, `${group}/clusterroles`, joiningRole as unknown as Json);
  for (const binding of [...others, first]) await create(cluster, path, binding as unknown as Json);
}

async function create(cluster: Cluster, path: string, body: Json): Promise<void> {
  const { code, json } = await ask(cluster, { method: 'POST', path, body });
  if (code === 201 || code === 409) return;
  const message = isJsonObject(json) && typeof json['message'] === 'string' ? json['message'] : `it answered ${code}`;
  throw new Fault(`The API at ${cluster.server} did not take it: ${message}`, false);
}

/** Resolves when a machine can join by it. With the first token the bus begins to listen for other machines. */
async function usable(token: JoinToken, { host, port }: Reached, ca: string): Promise<void> {
  const own = ownAddresses().includes(host) ? host : '127.0.0.1';
  let last: unknown;
  for (const end = performance.now() + OPEN_MS; performance.now() < end; await sleep(100)) {
    try {
      (await JoinClient.connect({ host: own, port, token, caHash: ca })).close();
      return;
    } catch (cause) {
      last = cause;
    }
  }
  say(`The bus does not take the token from here yet: ${explain(last)}`);
}
