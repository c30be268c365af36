// What every tool needs before it can run: packages, compiled code, nats-server, a container engine.
// Runs on the host's own Node (20 or newer) and without any package, because a fresh clone has none.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants, homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { engineAddress, ping } from './engine.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
export const home = resolve(process.env.SHIPLOG_HOME || join(homedir(), '.shiplog'));
/** Package with this platform's Node binary; package-lock.json pins its hash. */
const NODE_PACKAGE = `node_modules/node-${process.platform}-${process.arch}`;
const hostMajor = Number(process.versions.node.split('.')[0]);
/** Node 24 as package.json pins it; the host's own may be older. */
export let node = pinnedNode();

function pinnedNode() {
  const pinned = join(root, NODE_PACKAGE, 'bin', 'node');
  // In an image that is Node 24 itself the package may be left out.
  return hostMajor >= 24 && !existsSync(pinned) ? process.execPath : pinned;
}

// Servers are in folders that a user's PATH may leave out.
process.env.PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

/** Something a person has to do; its message is the whole output. */
export class Problem extends Error {}

/** Runs a tool's main function; a Problem is one sentence and exit code 1. */
export async function main(run) {
  try {
    process.exitCode = (await run()) ?? 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Problem ? error.message : error.stack}\n`);
    process.exit(1);
  }
}

export function step(text) {
  process.stderr.write(`${text}\n`);
}

/** Installs the packages of package-lock.json unless they are there already. */
export function install() {
  if (hostMajor < 20) throw new Problem(`Node ${process.versions.node} is too old: install Node 20 or newer.`);
  if (isInstalled()) return;
  step('Installing packages (npm ci) …');
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel', 'error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (result.error) throw new Problem('npm is not installed: install Node with npm.');
  if (result.status !== 0)
    throw new Problem('npm ci failed: see above; check the network and the registry that npm uses.');
  node = pinnedNode();
  if (!existsSync(node))
    throw new Problem(
      `No package holds Node 24 for ${process.platform} on ${process.arch}: install Node 24 or newer on this machine.`,
    );
}

function isInstalled() {
  const [wanted, present] = ['package-lock.json', 'node_modules/.package-lock.json'].map((name) => {
    try {
      return JSON.parse(readFileSync(join(root, name), 'utf8')).packages;
    } catch {
      return undefined;
    }
  });
  if (!wanted || !present) return false;
  // Optional packages are for other platforms; npm leaves them out. The binary of this one is needed.
  const isNeeded = ([name, entry]) => name !== '' && (!entry.optional || (name === NODE_PACKAGE && hostMajor < 24));
  return Object.entries(wanted)
    .filter(isNeeded)
    .every(([name, entry]) => present[name]?.version === entry.version);
}

/** Compiles unless the sources are those of the last time. Types are checked by `npm run check`, not here. */
export function build({ force = false } = {}) {
  const sources = sourceFiles();
  const hash = createHash('sha256');
  const makers = ['typescript', 'esbuild'].map((name) => `node_modules/${name}/package.json`);
  for (const file of [...sources, 'tsconfig.json', 'tsconfig.build.json', 'tools/bundle.mjs', ...makers]) {
    hash.update(file).update(readFileSync(join(root, file)));
  }
  const digest = hash.digest('hex');
  const mark = join(root, 'dist', '.sources');
  if (!force && existsSync(mark) && readFileSync(mark, 'utf8') === digest) return;
  step('Building …');
  rmSync(mark, { force: true });
  removeStale(new Set(sources));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const compile = [compiler, '-p', join(root, 'tsconfig.build.json'), '--noCheck', '--incremental', 'false'];
  for (const words of [compile, [join(root, 'tools/bundle.mjs')]]) {
    const result = spawnSync(node, words, { cwd: root, stdio: ['ignore', 2, 2] });
    if (result.status !== 0) throw new Problem('The build failed: see above.');
  }
  writeFileSync(mark, digest);
}

const FOLDERS = ['apps', 'libs', 'test'];

function sourceFiles() {
  return FOLDERS.flatMap((folder) => filesUnder(join(root, folder)))
    .map((path) => relative(root, path))
    .filter((path) => path.endsWith('.ts'))
    .sort();
}

/** Programs that run meanwhile may still have to load a part of theirs. */
const CHUNKS_KEPT_MS = 86_400_000;

/** Code whose source is gone must not run. */
function removeStale(sources) {
  const chunks = join(root, 'dist/apps/chunks');
  const isInUse = (path) => path.startsWith(chunks) && Date.now() - statSync(path).mtimeMs < CHUNKS_KEPT_MS;
  for (const folder of FOLDERS) {
    for (const path of filesUnder(join(root, 'dist', folder))) {
      const source = relative(join(root, 'dist'), path).replace(/\.js(\.map)?$/, '.ts');
      if (/\.js(\.map)?$/.test(path) && !sources.has(source) && !isInUse(path)) rmSync(path);
    }
  }
}

function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** Runs a program of ours on the pinned Node until it ends, and ends as it does: signals are for it. */
export function runNode(words, options = {}) {
  const child = spawn(node, ['--no-warnings', ...words], { stdio: 'inherit', ...options });
  // Ctrl-C reaches the whole group of the terminal, so it must not be passed on twice.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
  return new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

/** The bus's server; on Debian as root it is installed. */
export function requireNatsServer() {
  if (process.env.SHIPLOG_NATS_URL || onPath('nats-server')) return;
  installPackage(
    'nats-server',
    'nats-server is not installed: install it (Debian: apt-get install nats-server), or name a running one with SHIPLOG_NATS_URL.',
  );
}

/** What tests use beside bus and engine; on Debian as root it is installed. */
export function requireTestPrograms() {
  requirePrograms('The tests', [['docker', 'docker-cli'], ['docker-compose', 'docker-compose'], ...HOST_PROGRAMS]);
  if (!readdirSync('/usr/lib').some((name) => existsSync(`/usr/lib/${name}/faketime/libfaketime.so.1`)))
    installPackage('libfaketime', 'The tests need libfaketime: install it (Debian: apt-get install libfaketime).');
}

/** What test hosts (test/support/hosts) need beside the bus; on Debian it is installed. */
export function requireHostPrograms() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new Problem('Test hosts are namespaces of Linux, with interfaces and mounts of their own: run this as root.');
  requirePrograms('Test hosts', [['dockerd', 'docker.io'], ...HOST_PROGRAMS]);
}

/** What making the images of the official tests needs (test/support/official/images.mjs); on Debian as root it is installed. */
export function requireImagePrograms() {
  requirePrograms('The images of the official tests', [
    ['gcc', 'gcc'],
    ['busybox', 'busybox-static'],
    ['bash-static', 'bash-static'],
    ['debootstrap', 'debootstrap'],
    ['openssl', 'openssl'],
  ]);
}

/** Programs and the packages that have them on Debian. */
const HOST_PROGRAMS = [
  ['busybox', 'busybox-static'],
  ['ip', 'iproute2'],
  ['tc', 'iproute2'],
  ['nft', 'nftables'],
  ['unshare', 'util-linux'],
  ['nsenter', 'util-linux'],
  ['perl', 'perl-base'],
];

function requirePrograms(who, programs) {
  for (const [program, name] of programs) {
    if (!onPath(program)) installPackage(name, `${who} need ${program}: install it (Debian: apt-get install ${name}).`);
  }
}

/** A container engine that answers; on Debian as root Docker is installed and started. Resolves with whether it was. */
export async function requireEngine() {
  if (await ping()) return false;
  if (process.env.DOCKER_HOST) {
    throw new Problem(
      `No container engine answers on DOCKER_HOST=${process.env.DOCKER_HOST}: start it, or name another one.`,
    );
  }
  const advice = `No container engine answers on ${engineAddress()}`;
  if (process.getuid?.() !== 0) {
    throw new Problem(
      `${advice}: start Docker, add yourself to its group, name another engine with DOCKER_HOST, or run without nodes by SHIPLOG_APPS=api,controllers,scheduler.`,
    );
  }
  if (!onPath('dockerd'))
    installPackage(
      'docker.io',
      `${advice}: install Docker (Debian: apt-get install docker.io), or name an engine with DOCKER_HOST.`,
    );
  return startDocker();
}

async function startDocker() {
  step('Starting dockerd …');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  forgetDeadEngine();
  const logFile = join(home, 'dockerd.log');
  const log = openSync(logFile, 'a', 0o600);
  // It calls itself three times for each pod, and each call would collect garbage before it is done; so would the rest of
  // the engine, for an eighth of its time. This costs it some 150 MB with fifty pods.
  const env = { GOGC: '400', ...process.env };
  const child = spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log], env });
  child.unref();
  let endedAt;
  const end = () => (endedAt ??= Date.now());
  child.once('exit', end);
  child.once('error', end);
  // One that ends at once may have found another, started by the package's own script: that one is given a moment.
  for (let i = 0; i < 600 && !(endedAt && Date.now() - endedAt > 5_000); i++) {
    if (await ping()) {
      if (!endedAt) writeFileSync(join(home, 'dockerd.pid'), `${child.pid}\n`);
      return endedAt === undefined;
    }
    await sleep(100);
  }
  throw new Problem(`dockerd did not come up: its last words are in ${logFile}.`);
}

/** A killed engine leaves its process ids behind; when other programs have them by now, a new one would not start. */
function forgetDeadEngine() {
  for (const [file, program] of [
    ['/var/run/docker.pid', 'dockerd'],
    ['/var/run/docker/containerd/containerd.pid', 'containerd'],
  ]) {
    try {
      const pid = Number(readFileSync(file, 'utf8'));
      const name = existsSync(`/proc/${pid}/comm`) ? readFileSync(`/proc/${pid}/comm`, 'utf8').trim() : '';
      if (name !== program) rmSync(file, { force: true });
    } catch {
      // There is none, or it is not ours to remove: dockerd says what is wrong.
    }
  }
}

/** What services need on a node; without it the cluster runs all the same, and says that services are not reachable. */
export function wantServiceProxy() {
  if (process.env.SHIPLOG_PROXY_MODE === 'off' || process.getuid?.() !== 0) return;
  for (const [program, name] of [
    ['nft', 'nftables'],
    ['conntrack', 'conntrack'],
    ['ip', 'iproute2'],
  ]) {
    const advice = `Services are reachable on this node only in part without ${program} (Debian: apt-get install ${name}).`;
    try {
      if (!onPath(program)) installPackage(name, advice);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      step(error.message);
    }
  }
}

let updated = false;

function installPackage(name, advice) {
  if (process.getuid?.() !== 0 || !onPath('apt-get')) throw new Problem(advice);
  step(`Installing ${name} (apt-get) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...words) => spawnSync('apt-get', words, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', env });
  if (!updated) apt('update', '-q');
  updated = true;
  const result = apt('install', '-y', '-q', name);
  if (result.status !== 0) throw new Problem(`${advice} apt-get said: ${result.stderr.trim().split('\n').at(-1)}`);
}

export function onPath(program) {
  return process.env.PATH.split(':').some((folder) => folder !== '' && existsSync(join(folder, program)));
}
