// Starts a standalone cluster for a tool or a test in a data folder of its own, and stops it again.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeCluster } from './remove.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Node keeps here what it made of the modules that a program loads: a third of the time in which it loads them. */
export const withCompiled = { NODE_COMPILE_CACHE: join(root, '.cache', 'compiled'), ...process.env };

/** A TCP port on loopback that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A cluster that has not answered for so long will not. */
const READY_MS = 60_000;

const atEnd = new Set();
let isListening = process.env.JEST_WORKER_ID !== undefined;

/** What is still to be taken apart when this process is told to end. Call the result once that is done otherwise. */
export function onEnd(callback) {
  // Jest ends its workers by itself, and the tests' own hooks take apart what they made.
  if (!isListening) for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, endBecauseOf);
  isListening = true;
  atEnd.add(callback);
  return () => atEnd.delete(callback);
}
async function endBecauseOf(signal) {
  await Promise.allSettled([...atEnd].map((callback) => callback()));
  process.exit(128 + constants.signals[signal]);
}

/** Who works on a cluster in a folder of its own: when that process is gone, nobody will ever remove it. */
const STARTER = 'started-by';
async function removeLeftBehind() {
  const homes = readdirSync(tmpdir()).filter((name) => name.startsWith('shiplog-'));
  for (const home of homes.map((name) => join(tmpdir(), name))) {
    const file = join(home, STARTER);
    if (!existsSync(file) || existsSync(`/proc/${readFileSync(file, 'utf8').trim()}`)) continue;
    await removeCluster(home);
    rmSync(home, { recursive: true, force: true });
  }
}

/**
 * Starts `apps/standalone` out of dist and waits until its API answers.
 * @param {{ apps?: string, home?: string, port?: number, env?: Record<string, string>, quiet?: boolean }} options
 */
export async function startCluster(options = {}) {
  await removeLeftBehind();
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'shiplog-'));
  if (!options.home) writeFileSync(join(home, STARTER), `${process.pid}\n`);
  const port = options.port ?? (await freePort());
  const child = spawn(process.execPath, [join(root, 'dist/apps/standalone/main.js')], {
    env: {
      // How full the disk of this machine is decides nothing here.
      SHIPLOG_EVICTION_HARD: 'memory.available<50Mi',
      ...withCompiled,
      SHIPLOG_HOME: home,
      SHIPLOG_API_ADDRESS: `127.0.0.1:${port}`,
      // Beside whatever else runs on this machine's engine: the cluster of npm start has 10.244.0.0/16.
      SHIPLOG_POD_CIDR: `10.${130 + Math.floor(Math.random() * 120)}.0.0/16`,
      ...(options.apps && { SHIPLOG_APPS: options.apps }),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk) => {
    output = (output + chunk).slice(-200_000);
    if (options.quiet === false) process.stderr.write(chunk);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const kubeconfig = join(home, 'kubeconfig');
  const ready = new Promise((resolve) => {
    const isReady = () => existsSync(kubeconfig) && /\bready\b/i.test(output);
    const late = setTimeout(() => resolve(false), READY_MS);
    const look = () => {
      if (!isReady()) return;
      clearTimeout(late);
      resolve(true);
    };
    // Both say so when it is time: the sentence follows the file.
    for (const stream of [child.stdout, child.stderr]) stream.on('data', look);
    child.once('exit', () => clearTimeout(late));
  });
  const first = await Promise.race([ready, ended]);
  if (first !== true) {
    child.kill('SIGKILL');
    throw new Error(`the cluster did not come up:\n${output}`);
  }
  const cluster = {
    home,
    port,
    kubeconfig,
    pid: child.pid,
    child,
    output: () => output,
    ended,
    /** Stops it as Ctrl-C would and removes its data unless `keep`. */
    async stop({ keep: keepData = false } = {}) {
      isStopped();
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
      const result = await ended;
      clearTimeout(late);
      if (!keepData && !options.home) {
        await removeCluster(home);
        rmSync(home, { recursive: true, force: true });
      }
      return result;
    },
  };
  const isStopped = onEnd(() => cluster.stop());
  return cluster;
}
