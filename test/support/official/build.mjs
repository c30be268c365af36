// Builds the official conformance suite and the programs that its tests run, from the published Go module, once.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KUBERNETES = 'k8s.io/kubernetes';
const VERSION = '1.35.4';
const ETCD = 'go.etcd.io/etcd/server/v3';
const ETCD_VERSION = 'v3.6.16';
const GINKGO = 'github.com/onsi/ginkgo/v2';
export const PROGRAMS = ['e2e.test', 'ginkgo', 'agnhost', 'sample-apiserver', 'etcd'];

/** Makes all programs in `folder` that are not there yet. */
export async function buildSuite(folder, say) {
  const missing = PROGRAMS.filter((name) => !existsSync(join(folder, name)));
  if (missing.length === 0) return;
  requireGo();
  say(`Building the official suite (${missing.join(', ')}); the first time takes some minutes …`);
  const source = join(folder, 'src');
  if (!existsSync(join(source, 'go.sum'))) describeModule(source);
  const [, minor] = VERSION.split('.');
  const version = 'k8s.io/component-base/version';
  const stamp = `-s -w -X ${version}.gitVersion=v${VERSION} -X ${version}.gitMajor=1 -X ${version}.gitMinor=${minor}`;
  // Vetting somebody else's code takes longer than building it.
  const test = ['-c', '-vet=off', '-mod=mod', '-trimpath', '-ldflags', stamp];
  const steps = {
    'e2e.test': (out) => go(source, ['test', ...test, '-o', out, `${KUBERNETES}/test/e2e`]),
    agnhost: (out) => build(source, out, `${KUBERNETES}/test/images/agnhost`, stamp),
    'sample-apiserver': (out) => build(source, out, 'k8s.io/sample-apiserver', '-s -w'),
    etcd: (out) => buildEtcd(join(folder, 'etcd-src'), out),
    ginkgo: (out) => buildGinkgo(source, join(folder, 'ginkgo-src'), out),
  };
  for (const name of missing) {
    say(`  ${name}`);
    steps[name](join(folder, name));
  }
}

function requireGo() {
  const { stdout, error } = spawnSync('go', ['version'], { encoding: 'utf8' });
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
  if (error || Number(major) < 1 || (Number(major) === 1 && Number(minor) < 25)) {
    throw new Error('Building the official suite needs Go 1.25 or later (only this command does).');
  }
}

/**
 * A module of our own that depends on the published one. Its go.mod points its parts at folders of its repository, which a
 * published module does not carry: each is replaced by the published part of the same release.
 */
function describeModule(source) {
  mkdirSync(source, { recursive: true });
  const { GoMod } = JSON.parse(
    go(source, ['mod', 'download', '-json', `${KUBERNETES}@v${VERSION}`], { GOFLAGS: '-mod=mod' }),
  );
  const described = JSON.parse(go(source, ['mod', 'edit', '-json', GoMod]));
  const parts = (described.Replace ?? []).filter(({ New }) => New.Path.startsWith('./')).map(({ Old }) => Old.Path);
  const release = `v0.${VERSION.split('.').slice(1).join('.')}`;
  const replace = [
    `${KUBERNETES} => ${KUBERNETES} v${VERSION}`,
    ...parts.map((part) => `${part} => ${part} ${release}`),
  ];
  writeFileSync(
    join(source, 'go.mod'),
    `module conformance\n\ngo 1.25\n\nrequire ${KUBERNETES} v${VERSION}\n\nreplace (\n${replace.map((line) => `\t${line}\n`).join('')})\n`,
  );
  // Names everything that is built, so that `go mod tidy` keeps it.
  const agnhost = ['dns', 'connect', 'openidmetadata', 'webhook', 'net', 'grpc-health-checking'];
  const imports = [
    `${KUBERNETES}/test/e2e/framework`,
    ...agnhost.map((name) => `${KUBERNETES}/test/images/agnhost/${name}`),
    GINKGO,
    'k8s.io/sample-apiserver/pkg/cmd/server',
  ];
  writeFileSync(
    join(source, 'parts.go'),
    `package conformance\n\nimport (\n${imports.map((name) => `\t_ "${name}"\n`).join('')})\n`,
  );
  writeFileSync(join(source, 'suite_test.go'), `package conformance\n\nimport _ "${KUBERNETES}/test/e2e"\n`);
  go(source, ['mod', 'tidy', '-e']);
}

function buildEtcd(source, out) {
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, 'go.mod'), `module etcd-server\n\ngo 1.25\n\nrequire ${ETCD} ${ETCD_VERSION}\n`);
  const main = `package main\n\nimport (\n\t"os"\n\n\t"${ETCD}/etcdmain"\n)\n\nfunc main() { etcdmain.Main(os.Args) }\n`;
  writeFileSync(join(source, 'main.go'), main);
  go(source, ['mod', 'tidy']);
  build(source, out, '.', '-s -w');
}

/** The runner must be of the version that the suite was built with. */
function buildGinkgo(suite, source, out) {
  const version = go(suite, ['list', '-m', '-f', '{{.Version}}', GINKGO]).trim();
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, 'go.mod'), 'module ginkgo-cli\n\ngo 1.25\n');
  go(source, ['get', '-tool', `${GINKGO}/ginkgo@${version}`]);
  go(source, ['build', '-o', out, `${GINKGO}/ginkgo`]);
}

/** Static, because it runs in images without a C library. */
function build(folder, out, path, flags) {
  go(folder, ['build', '-mod=mod', '-trimpath', '-ldflags', flags, '-o', out, path], { CGO_ENABLED: '0' });
}

function go(folder, args, env = {}) {
  const result = spawnSync('go', args, {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (result.status !== 0 && !(args[0] === 'mod' && args[1] === 'tidy' && args.includes('-e'))) {
    throw new Error(
      `go ${args[0]} ${args[1] ?? ''} failed:\n${(result.stderr || result.error?.message || '').slice(-4000)}`,
    );
  }
  return result.stdout;
}
