// Makes the images of docker-compose.yml where no image registry can be reached: stand-ins for the base images out of this
// machine's own Node, npm, busybox and nats-server, and on them Shiplog's image by the Dockerfile itself.
//
//   node test/support/images/make.mjs
//   docker-compose -f docker-compose.yml -f test/support/images/docker-compose.standin.yml up -d --no-build
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { node } from '../../../tools/setup.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const NODE_IMAGE = 'shiplog-standin/node:24';
const NATS_IMAGE = 'shiplog-standin/nats:2';
const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
const PATHS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

const scratch = mkdtempSync(join(tmpdir(), 'shiplog-images-'));
try {
  makeNode(join(scratch, 'node'));
  makeNats(join(scratch, 'nats'));
  makeShiplog();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function makeNode(folder) {
  base(folder);
  program(folder, node, 'usr/bin/node');
  const npm = dirname(dirname(realpathSync(which('npm'))));
  cpSync(npm, join(folder, 'usr/lib/node_modules/npm'), { recursive: true, verbatimSymlinks: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(folder, 'usr/bin/npm'));
  importImage(folder, NODE_IMAGE);
}

function makeNats(folder) {
  base(folder);
  program(folder, which('nats-server'), 'usr/bin/nats-server');
  importImage(folder, NATS_IMAGE);
}

function makeShiplog() {
  const registry = execFileSync('npm', ['config', 'get', 'registry'], { cwd: root, encoding: 'utf8' }).trim();
  run('docker', [
    'build',
    // The registry may be one that only this machine knows.
    '--network=host',
    `--build-arg=NODE_IMAGE=${NODE_IMAGE}`,
    `--build-arg=npm_config_registry=${registry}`,
    `--tag=${process.env.SHIPLOG_IMAGE || 'shiplog:0.1.0'}`,
    root,
  ]);
}

/** What a program finds in any image: a shell, users, certificates, a folder for temporary files. */
function base(folder) {
  for (const name of ['bin', 'etc', 'tmp', 'root', 'usr/bin', 'usr/lib', 'var'])
    mkdirSync(join(folder, name), { recursive: true });
  program(folder, which('busybox'), 'bin/busybox');
  for (const applet of execFileSync(which('busybox'), ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(folder, 'bin', applet));
  }
  symlinkSync('/bin/env', join(folder, 'usr/bin/env'));
  writeFileSync(join(folder, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\n');
  writeFileSync(join(folder, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  if (existsSync('/etc/ssl/certs'))
    cpSync('/etc/ssl/certs', join(folder, 'etc/ssl/certs'), { recursive: true, dereference: true });
}

/** Copies a program with the libraries that it is linked with. */
function program(folder, source, target) {
  mkdirSync(dirname(join(folder, target)), { recursive: true });
  cpSync(realpathSync(source), join(folder, target));
  const linked = spawnSync('ldd', [source], { encoding: 'utf8' }).stdout ?? '';
  const libraries = [...linked.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1]);
  // Names are looked up by libraries that no program is linked with.
  const resolvers =
    libraries.length > 0
      ? ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2'].map((name) => join(dirname(libraries[0]), name))
      : [];
  for (const library of [...libraries, ...resolvers]) {
    if (!existsSync(library)) continue;
    mkdirSync(dirname(join(folder, library)), { recursive: true });
    cpSync(realpathSync(library), join(folder, library));
  }
}

function importImage(folder, image) {
  const archive = `${folder}.tar`;
  run('tar', ['-C', folder, '-cf', archive, '.']);
  const environment = [`PATH=${PATHS.join(':')}`];
  // A registry may have a certificate of a CA that only this machine's administrators know.
  if (existsSync(join(folder, CA_BUNDLE))) environment.push(`NODE_EXTRA_CA_CERTS=${CA_BUNDLE}`);
  run('docker', ['import', ...environment.flatMap((entry) => ['-c', `ENV ${entry}`]), archive, image]);
  rmSync(archive);
}

function which(name) {
  const found = [...(process.env.PATH ?? '').split(':'), ...PATHS]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} is not installed: the stand-in images are made from it`);
  return found;
}

function run(name, words) {
  const result = spawnSync(name, words, { stdio: ['ignore', 2, 2], env: { ...process.env, DOCKER_BUILDKIT: '0' } });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(`${name} ${words[0]} failed`);
}
