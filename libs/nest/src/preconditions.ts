import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { closeGivenFolder, makeFolder } from '#adapters';
import { Fault } from '#std';
import type { Settings } from './settings.js';

/** A data folder that can be written. Fails with a sentence that says what to do. */
export function prepareHome(home: string): void {
  const probe = join(home, `.probe-${process.pid}`);
  try {
    makeFolder(home, 0o700);
    try {
      writeFileSync(probe, 'x'.repeat(4096));
    } finally {
      rmSync(probe, { force: true });
    }
  } catch (cause) {
    throw new Fault(folderProblem(home, cause), false, { cause });
  }
  closeGivenFolder(home);
}

/** The API's port, before anything is made that a taken port would leave half-made. */
export async function requireFreePort({ apiHost, apiPort }: Settings): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new Fault(portProblem(apiHost, apiPort, cause), false, { cause })));
    server.listen(apiPort, apiHost, resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}

/** The bus's server, where this process is to run one. */
export function requireNatsServer({ natsUrl, credentials }: Settings): void {
  if (natsUrl !== undefined || credentials !== undefined) return;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  if (folders.some((folder) => existsSync(join(folder, 'nats-server')))) return;
  throw new Fault(
    'nats-server is not installed: install the package nats-server, or name a running one with SHIPLOG_NATS_URL.',
    false,
  );
}

function folderProblem(home: string, cause: unknown): string {
  switch (codeOf(cause)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return `The disk that holds the data folder ${home} is full: free some space, or choose another folder with SHIPLOG_HOME.`;
    default:
      return `The data folder ${home} cannot be made or written (${codeOf(cause)}): make it writable, or choose another one with SHIPLOG_HOME.`;
  }
}

function portProblem(host: string, port: number, cause: unknown): string {
  switch (codeOf(cause)) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is taken: stop what listens there, or choose another address with SHIPLOG_API_ADDRESS=${host}:${port + 1000}.`;
    case 'EACCES':
      return `Port ${port} on ${host} needs more rights: choose one above 1023 with SHIPLOG_API_ADDRESS.`;
    default:
      return `The API cannot listen on ${host}:${port} (${codeOf(cause)}): choose another address with SHIPLOG_API_ADDRESS.`;
  }
}

function codeOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'unknown error';
}
