// Stand-ins, under their official names, for the images that the official suite's tests run: there is no registry. They
// behave as the tests need and are not the originals. Made from Debian's packages (debootstrap, busybox-static, bash-static,
// gcc: as root on Debian) and from the programs of build.mjs, only where the engine lacks one.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { requireImagePrograms } from '../../../tools/setup.mjs';

const TESTS = 'registry.k8s.io/e2e-test-images';
const PATH = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Each root folder with the names it gets and what `docker import --change` says of it. */
const IMAGES = [
  { root: 'pause', names: ['registry.k8s.io/pause:3.10.1'], changes: ['ENTRYPOINT ["/pause"]', 'USER 65535:65535'] },
  { root: 'busybox', names: [`${TESTS}/busybox:1.37.0-1`, `${TESTS}/busybox:1.36.1-1`], changes: ['CMD ["sh"]', PATH] },
  {
    root: 'busybox',
    names: [`${TESTS}/nonroot:1.4`],
    changes: ['USER 1234', 'ENTRYPOINT ["sh", "-c", "id -u"]', PATH],
  },
  {
    root: 'web',
    names: ['httpd:2.4.38-4', 'httpd:2.4.39-4', 'nginx:1.14-4', 'nginx:1.15-4'].map((name) => `${TESTS}/${name}`),
    changes: ['CMD ["httpd", "-f", "-p", "80", "-h", "/www"]', 'EXPOSE 80', PATH],
  },
  { root: 'setuid', names: [`${TESTS}/nonewprivs:1.3`], changes: ['ENTRYPOINT ["/nnp"]', 'USER 1000', PATH] },
  { root: 'debian', names: [`${TESTS}/perl:5.26`], changes: ['CMD ["perl"]', PATH] },
  { root: 'debian', names: [`${TESTS}/jessie-dnsutils:1.7`], changes: ['CMD ["sleep", "3600"]', PATH] },
  {
    root: 'agnhost',
    names: [`${TESTS}/agnhost:2.59`, `${TESTS}/agnhost:2.55`],
    changes: [
      'ENTRYPOINT ["/agnhost"]',
      'CMD ["pause"]',
      ...[80, 8080, 8081, 9376, 5000].map((port) => `EXPOSE ${port}`),
      PATH,
    ],
  },
  ...['kitten', 'nautilus'].map((name) => ({
    root: name,
    names: [`${TESTS}/${name}:1.7`],
    changes: ['ENTRYPOINT ["/agnhost", "test-webserver"]', 'WORKDIR /', 'EXPOSE 80'],
  })),
  { root: 'etcd', names: ['registry.k8s.io/etcd:3.6.6-0'], changes: [PATH] },
  { root: 'sample', names: [`${TESTS}/sample-apiserver:1.29.2`], changes: ['ENTRYPOINT ["/kube-sample-apiserver"]'] },
];

/** Makes what the engine lacks; `env` says which engine, as it does to Docker's own client. */
export function makeImages(built, say, env = process.env) {
  const present = new Set(run('docker', ['images', '--format', '{{.Repository}}:{{.Tag}}'], env).split('\n'));
  const wanted = IMAGES.filter(({ names }) => names.some((name) => !present.has(name)));
  if (wanted.length === 0) return;
  const work = join(built, 'roots');
  if (wanted.some(({ root }) => !existsSync(join(work, root)))) requireImagePrograms();
  mkdirSync(work, { recursive: true });
  for (const { root, names, changes } of wanted) {
    const folder = join(work, root);
    if (!existsSync(folder)) {
      // Made aside and moved: half a root is never taken for a whole one.
      const half = `${folder}.half`;
      rmSync(half, { recursive: true, force: true });
      mkdirSync(half);
      ROOTS[root]({ folder: half, work, built });
      renameSync(half, folder);
    }
    for (const name of names) {
      say(`  image ${name}`);
      const flags = changes.map((change) => `--change '${change}'`).join(' ');
      run('sh', ['-c', `tar -C '${folder}' -c . | docker import ${flags} - '${name}'`], env);
    }
  }
}

const ROOTS = {
  pause({ folder, work }) {
    compile(work, join(folder, 'pause'), PAUSE);
  },
  busybox({ folder, work }) {
    for (const name of ['bin', 'etc', 'tmp', 'root', 'home', 'var/tmp', 'usr/bin'])
      mkdirSync(join(folder, name), { recursive: true });
    chmodSync(join(folder, 'tmp'), 0o1777);
    const busybox = run('sh', ['-c', 'command -v busybox']).trim();
    copyFileSync(busybox, join(folder, 'bin/busybox'));
    for (const applet of run(busybox, ['--list']).trim().split('\n')) {
      if (applet !== 'busybox' && applet !== 'sh') symlinkSync('busybox', join(folder, 'bin', applet));
    }
    symlinkSync('/bin/busybox', join(folder, 'usr/bin/env'));
    copyFileSync(run('sh', ['-c', 'command -v bash-static']).trim(), join(folder, 'bin/bash'));
    compile(work, join(folder, 'bin/sh'), SHELL);
    writeFileSync(
      join(folder, 'etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n',
    );
    writeFileSync(join(folder, 'etc/group'), 'root:x:0:\nmail:x:8:\nnobody:x:65534:\n');
  },
  web(place) {
    ROOTS.busybox(place);
    mkdirSync(join(place.folder, 'www'));
    writeFileSync(join(place.folder, 'www/index.html'), '<html><body><h1>It works!</h1></body></html>\n');
  },
  setuid(place) {
    ROOTS.busybox(place);
    compile(place.work, join(place.folder, 'nnp'), EFFECTIVE_USER);
    chmodSync(join(place.folder, 'nnp'), 0o4755);
  },
  debian({ folder }) {
    const packages =
      'ca-certificates,curl,dnsutils,netcat-openbsd,iproute2,iputils-ping,iptables,procps,perl-base,socat';
    run('debootstrap', ['--variant=minbase', `--include=${packages}`, 'bookworm', folder]);
    for (const name of ['var/cache/apt', 'var/lib/apt/lists'])
      rmSync(join(folder, name), { recursive: true, force: true });
  },
  agnhost({ folder, work, built }) {
    const base = join(work, 'debian');
    if (existsSync(base)) run('cp', ['-a', `${base}/.`, folder]);
    else ROOTS.debian({ folder });
    copyFileSync(join(built, 'agnhost'), join(folder, 'agnhost'));
    symlinkSync('agnhost', join(folder, 'agnhost-2'));
    const files = ['-keyout', join(folder, 'localhost.key'), '-out', join(folder, 'localhost.crt')];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', ...names, ...files]);
  },
  kitten: (place) => picture(place, 'kitten'),
  nautilus: (place) => picture(place, 'nautilus'),
  etcd(place) {
    ROOTS.busybox(place);
    mkdirSync(join(place.folder, 'usr/local/bin'), { recursive: true });
    copyFileSync(join(place.built, 'etcd'), join(place.folder, 'usr/local/bin/etcd'));
  },
  sample({ folder, built }) {
    cpSync(join(built, 'sample-apiserver'), join(folder, 'kube-sample-apiserver'));
  },
};

function picture({ folder, built }, name) {
  copyFileSync(join(built, 'agnhost'), join(folder, 'agnhost'));
  writeFileSync(join(folder, 'data.json'), `{\n  "image": "${name}.jpg"\n}\n`);
  writeFileSync(join(folder, `${name}.jpg`), '');
}

/** Waits for a signal and takes in orphans, as the first process of a pod does. */
const PAUSE = `#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static void stop(int number) { exit(0); }
static void reap(int number) { while (waitpid(-1, 0, WNOHANG) > 0); }
int main(void) {
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  signal(SIGCHLD, reap);
  for (;;) pause();
}
`;
/** Busybox's shell, whose words some tests expect; bash where a variable has a name that Debian's busybox would drop. */
const SHELL = `#include <string.h>
#include <unistd.h>
extern char **environ;
static int odd(const char *pair) {
  const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  const char *all = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
  return !strchr(letters, *pair) || pair[strspn(pair, all)] != '=';
}
int main(int count, char **words) {
  for (char **pair = environ; *pair; pair++)
    if (odd(*pair)) return execv("/bin/bash", words);
  return execv("/bin/busybox", words);
}
`;
const EFFECTIVE_USER = `#include <stdio.h>
#include <unistd.h>
int main(void) { printf("Effective uid: %d\\n", geteuid()); return 0; }
`;

function compile(work, out, text) {
  const source = join(work, 'program.c');
  writeFileSync(source, text);
  run('gcc', ['-static', '-Os', '-o', out, source]);
}

function run(program, args, env = process.env) {
  const result = spawnSync(program, args, { env, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (result.error) throw new Error(`${program} is missing: making the test images needs it.`);
  if (result.status !== 0) throw new Error(`${program} ${args[0] ?? ''} failed:\n${result.stderr.slice(-2000)}`);
  return result.stdout;
}
