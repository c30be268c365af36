import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, isIP, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Keys } from '#ports';
import { Fault } from '#std';
import { plainEnvironment } from '../environment.js';
import { hasCode } from '../error-code.js';
import { numberIn, stopProcessOf } from '../left-behind.js';
import { privateFolderWithParents, writePrivateFile } from '../private-files.js';
import { signingCa } from '../keys/signing-ca.js';
import { NatsAuthority } from './nats-authority.js';
import { listeningOn, natsConfig, withAccounts } from './nats-config.js';

const HOST = '127.0.0.1';
/** Every address of the machine. */
const OPEN = '0.0.0.0';
const READY_MS = 10_000;
const RESTART_FIRST_MS = 50;
const RESTART_MAX_MS = 2_000;
/** A server that ran this long was healthy: its next restart waits no longer than the first did. */
const HEALTHY_MS = 10_000;

export interface NatsServerOptions {
  /** Data folder; the server's files go to `<home>/nats`. */
  readonly home: string;
  readonly keys: Keys;
  readonly authority: NatsAuthority;
  /** Default: the port of last time, or a free one. */
  readonly port?: number;
  /** Whether other machines reach it; otherwise it listens on loopback. */
  readonly isOpen?: boolean;
  /** Names and addresses by which other machines reach it, for its certificate. */
  readonly names?: () => readonly string[];
  readonly executable?: string;
  readonly onProblem?: (problem: string) => void;
}

/** A nats-server that this process runs and keeps running. */
export interface NatsServer {
  readonly url: string;
  readonly pid: number | undefined;
  /** Takes new accounts into use, without a restart: connections of revoked users end at once, others come back. */
  reload(authority: NatsAuthority): void;
  /** Listens for other machines from now on, which takes a restart: clients come back. Does nothing when it does so already. */
  open(): Promise<void>;
  /** Takes a new certificate into use if one is due, without a restart: the server lets its clients connect anew. */
  renewCertificate(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts nats-server on loopback with a configuration of our own: TLS, our operator's JWTs, no cluster port, nothing
 * default. It is started again whenever it dies. One that a killed parent left behind is stopped first, and its port is
 * taken again, so that clients which are still running find the new one.
 */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const folder = join(options.home, 'nats');
  privateFolderWithParents(folder);
  await stopProcessOf(join(folder, 'pid'), configPath(folder));
  const port = options.port ?? (await usablePort(numberIn(join(folder, 'port'))));
  await writeFiles(folder, port, options);
  const supervisor = new Supervisor(folder, port, options);
  await supervisor.start();
  return supervisor;
}

class Supervisor implements NatsServer {
  readonly url: string;
  #child: ChildProcess | undefined;
  #stopping = false;
  #delayMs = RESTART_FIRST_MS;
  /** It is told to end, to be started with another configuration. */
  #isReplaced = false;
  #isOpen: boolean;
  readonly #onExit = (): void => void this.#child?.kill('SIGTERM');

  constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly options: NatsServerOptions,
  ) {
    this.url = `nats://${HOST}:${port}`;
    this.#isOpen = options.isOpen === true;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    process.once('exit', this.#onExit);
    const failed = this.#spawn();
    const stopWaiting = new AbortController();
    try {
      await Promise.race([this.#ready(stopWaiting.signal), failed]);
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      stopWaiting.abort();
    }
  }

  reload(authority: NatsAuthority): void {
    // The operator's line stays as it is: the server takes no other one without a restart.
    const path = configPath(this.folder);
    writePrivateFile(path, withAccounts(readFileSync(path, 'utf8'), authority));
    this.#child?.kill('SIGHUP');
  }

  async open(): Promise<void> {
    if (this.#isOpen) return;
    this.#isOpen = true;
    await writeCertificate(this.folder, this.options);
    const path = configPath(this.folder);
    writePrivateFile(path, listeningOn(readFileSync(path, 'utf8'), `${OPEN}:${this.port}`));
    this.#isReplaced = true;
    this.#child?.kill('SIGTERM');
  }

  async renewCertificate(): Promise<void> {
    const { keys } = this.options;
    if (!keys.isCertificateDue(readFileSync(join(this.folder, 'server.crt'), 'utf8'))) return;
    await writeCertificate(this.folder, this.options);
    this.#child?.kill('SIGHUP');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    process.removeListener('exit', this.#onExit);
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await gone;
      clearTimeout(timer);
    }
    rmSync(join(this.folder, 'pid'), { force: true });
  }

  /** Rejects when the first start fails for a reason that another try would not mend. */
  #spawn(): Promise<never> {
    return new Promise((_resolve, reject) => {
      const startedAt = performance.now();
      const child = spawn(this.options.executable ?? 'nats-server', ['-c', configPath(this.folder)], {
        // A group of its own: Ctrl-C in the terminal is for us, and we stop it when its clients are gone.
        detached: true,
        env: plainEnvironment(process.env),
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      this.#child = child;
      let lastWords = '';
      child.stderr.on('data', (chunk: Buffer) => (lastWords = (lastWords + chunk.toString()).slice(-2_000)));
      child.once('error', (cause) =>
        reject(
          hasCode(cause, 'ENOENT')
            ? new Fault('nats-server is not installed: install the package nats-server, or set SHIPLOG_NATS_URL', false)
            : new Fault(`nats-server cannot be started: ${cause.message}`, false, { cause }),
        ),
      );
      child.once('exit', (code, signal) => {
        if (this.#stopping) return;
        if (this.#isReplaced) {
          this.#isReplaced = false;
          this.#spawn().catch(() => undefined);
          return;
        }
        const why = lastLine(lastWords) || `exit ${code ?? signal ?? 'unknown'}`;
        reject(new Fault(`nats-server stopped: ${why}`, true));
        this.options.onProblem?.(`nats-server stopped (${signal ?? code}), starting it again: ${why}`);
        this.#restart(startedAt);
      });
      if (child.pid !== undefined) writeFileSync(join(this.folder, 'pid'), `${child.pid}\n`, { mode: 0o600 });
    });
  }

  #restart(startedAt: number): void {
    const wasHealthy = performance.now() - startedAt > HEALTHY_MS;
    this.#delayMs = wasHealthy ? RESTART_FIRST_MS : Math.min(this.#delayMs * 2, RESTART_MAX_MS);
    setTimeout(() => {
      if (!this.#stopping) this.#spawn().catch(() => undefined);
    }, this.#delayMs);
  }

  async #ready(signal: AbortSignal): Promise<void> {
    const end = performance.now() + READY_MS;
    while (performance.now() < end && !signal.aborted) {
      if (await answers(this.port)) return;
      await sleep(20);
    }
    throw new Fault(`nats-server did not answer on ${this.url} within ${READY_MS} ms`, true);
  }
}

async function writeCertificate(
  folder: string,
  { keys, names = () => [] }: Pick<NatsServerOptions, 'keys' | 'names'>,
): Promise<void> {
  const all = [...new Set([HOST, '::1', 'localhost', ...names()])];
  const server = await keys.issueCertificate({
    commonName: 'nats',
    usage: 'server',
    dnsNames: all.filter((name) => isIP(name) === 0),
    ipAddresses: all.filter((name) => isIP(name) !== 0),
  });
  // A machine that joins has the CA's hash only, so the CA is sent too.
  writePrivateFile(join(folder, 'server.crt'), server.certificate + signingCa(keys));
  writePrivateFile(join(folder, 'server.key'), server.privateKey);
}

async function writeFiles(folder: string, port: number, options: NatsServerOptions): Promise<void> {
  await writeCertificate(folder, options);
  const { authority, isOpen } = options;
  const write = (name: string, text: string): void => writePrivateFile(join(folder, name), text);
  write('port', `${port}\n`);
  write(
    'server.conf',
    natsConfig({ listen: `${isOpen ? OPEN : HOST}:${port}`, folder, authority, logFile: join(folder, 'server.log') }),
  );
}

function configPath(folder: string): string {
  return join(folder, 'server.conf');
}

async function usablePort(wanted: number | undefined): Promise<number> {
  if (wanted !== undefined && (await listenOnce(wanted)) !== undefined) return wanted;
  const free = await listenOnce(0);
  if (free === undefined) throw new Fault('no free port on 127.0.0.1 for the bus', true);
  return free;
}

/** Listens for a moment: the port when it could, undefined when it is taken. */
function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, HOST, () => {
      const address = server.address() as AddressInfo;
      server.close(() => resolve(address.port));
    });
  });
}

/** The server greets with INFO on every connection. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (data) => done(data.toString().startsWith('INFO')));
    socket.once('error', () => done(false));
    socket.setTimeout(1_000, () => done(false));
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
