import { get } from 'node:http';
import { join } from 'node:path';
import { root } from '../../tools/cluster.mjs';
import type { Host } from '../support/hosts/index.js';
import { until } from '../support/test-cluster.js';

const PORT = 8080;

export interface Fetched {
  /** The first 100 characters, or `error: …`. */
  readonly body: string;
  readonly length: number;
  readonly ms: number;
}

/** Starts the program on a host that the tests ask to reach others. */
export async function startProbe(host: Host): Promise<void> {
  host.spawn(process.execPath, [join(root, 'test/hosts/probe-server.mjs'), socketOf(host)]);
  await until(
    `the probe of ${host.name} answers`,
    () => ask(host, 'received', { address: '' }),
    () => true,
  );
}

/** What a host gets from another, or from an address. */
export function fetched(from: Host, to: Host, options: { bytes?: number; patience?: number } = {}): Promise<Fetched> {
  return ask(from, 'get', { address: to.address, ...options });
}
/** Whether a host gets an answer of another. */
export async function reaches(from: Host, to: Host): Promise<boolean> {
  return (await fetched(from, to)).body === to.name;
}
/** Whether this machine gets an answer of a host. */
export function isReached(to: Host): Promise<boolean> {
  return new Promise((resolve) => {
    const call = get({ host: to.address, port: PORT, agent: false, timeout: 1_000 }, (answer) => {
      answer.resume().on('end', () => resolve(true));
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(false));
  });
}

/** Share of so many datagrams that arrive. */
export async function arriving(from: Host, to: Host, count: number): Promise<number> {
  const received = async (): Promise<number> => {
    const { count: all } = await ask<{ readonly count: number }>(to, 'received', { address: from.address });
    return all;
  };
  const before = await received();
  await ask(from, 'send', { address: to.address, count });
  let last = -1;
  let now = await received();
  // Until nothing more comes.
  while (now !== last) {
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 300));
    now = await received();
  }
  return (now - before) / count;
}

function socketOf(host: Host): string {
  return join(host.folder, 'probe.sock');
}

function ask<T = unknown>(host: Host, task: string, words: Readonly<Record<string, string | number>>): Promise<T> {
  const query = new URLSearchParams(Object.entries(words).map(([key, value]): [string, string] => [key, `${value}`]));
  return new Promise((resolve, reject) => {
    const call = get({ socketPath: socketOf(host), path: `/${task}?${query}`, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => resolve(JSON.parse(text) as T));
    });
    call.on('error', reject);
  });
}
