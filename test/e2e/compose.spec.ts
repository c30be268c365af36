import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BUSYBOX, importBusybox } from '../support/test-cluster.js';

const root = process.cwd();
const FILES = ['-f', 'docker-compose.yml', '-f', 'test/support/images/docker-compose.standin.yml'];

let folder: string;
let apiPort = 0;
let secondPort = 0;
let natsPort = 0;
let cluster: string | undefined;
const env = (): NodeJS.ProcessEnv => ({
  ...process.env,
  COMPOSE_PROJECT_NAME: `shiplog-test-${process.pid}`,
  SHIPLOG_IMAGE: 'shiplog:test',
  SHIPLOG_API_PORT: `127.0.0.1:${apiPort}`,
  SHIPLOG_API_2_PORT: `127.0.0.1:${secondPort}`,
  SHIPLOG_NATS_PORT: String(natsPort),
  SHIPLOG_NODE: 'compose-node',
  SHIPLOG_AGENT_HOME: join(folder, 'agent'),
  SHIPLOG_POD_CIDR: '10.129.0.0/16',
});

function compose(...words: string[]): string {
  return execFileSync('docker-compose', [...FILES, ...words], {
    cwd: root,
    env: env(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

let kubectlPath: string;
function kubectl(...words: string[]): string {
  return kubectlAt(apiPort, ...words);
}
function kubectlAt(port: number, ...words: string[]): string {
  const client = [
    '--kubeconfig',
    join(folder, 'kubeconfig'),
    '--server',
    `https://127.0.0.1:${port}`,
    '--request-timeout=10s',
  ];
  const { stdout, stderr } = spawnSync(kubectlPath, [...client, ...words], { encoding: 'utf8' });
  return `${stdout}${stderr}`;
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 120; i++) {
    if (isTrue()) return;
    await sleep(500);
  }
  throw new Error(`${what} did not come true:\n${compose('logs', '--tail', '20')}`);
}

/** Each app in a container of its own, with a bus and an event store of their own: nothing is shared but the log. */
describe('the compose stack', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'shiplog-compose-'));
    const { freePort } = (await import(join(root, 'tools/cluster.mjs'))) as { freePort(): Promise<number> };
    [apiPort, secondPort, natsPort] = [await freePort(), await freePort(), await freePort()];
    const clients = (await import(join(root, 'tools/clients.mjs'))) as { kubectl(): string };
    kubectlPath = clients.kubectl();
    importBusybox();
    execFileSync(process.execPath, ['test/support/images/make.mjs'], {
      cwd: root,
      env: env(),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    compose('down', '-v', '--remove-orphans');
    compose('up', '-d', '--no-build');
  }, 900_000);

  afterAll(async () => {
    compose('down', '-v', '--remove-orphans');
    const removing = (await import(join(root, 'tools/remove.mjs'))) as {
      removeContainersOf(cluster: string): Promise<void>;
    };
    if (cluster !== undefined) await removing.removeContainersOf(cluster);
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs a Deployment', async () => {
    await until(
      () =>
        spawnSync('docker-compose', [...FILES, 'exec', '-T', 'api', 'cat', '/data/kubeconfig'], {
          cwd: root,
          env: env(),
        }).status === 0,
      'the kubeconfig',
    );
    writeFileSync(join(folder, 'kubeconfig'), compose('exec', '-T', 'api', 'cat', '/data/kubeconfig'), { mode: 0o600 });
    cluster = compose('exec', '-T', 'api', 'cat', '/data/cluster').trim();
    await until(() => / Ready /.test(kubectl('get', 'nodes')), 'a ready node');
    const manifest = join(folder, 'web.json');
    writeFileSync(manifest, JSON.stringify(deployment()));
    expect(kubectl('apply', '-f', manifest)).toBe('deployment.apps/web created\n');
    await until(
      () => /successfully rolled out/.test(kubectl('rollout', 'status', 'deployment/web', '--timeout=5s')),
      'the rollout',
    );
    const pods = kubectl('get', 'pods', '-l', 'app=web', '--no-headers').trim().split('\n');
    expect(pods).toHaveLength(2);
    for (const pod of pods) expect(pod).toMatch(/ 1\/1 +Running +0 /);
    expect(kubectl('logs', 'deployment/web')).toContain('hello from compose');
  });

  it('gives each container its own credentials and no right that it does not need', () => {
    const inside = (app: string, script: string): string =>
      compose('exec', '-T', app, 'sh', '-c', script).trim().replaceAll('\r', '');
    const passwords = new Set<string>();
    for (const app of ['api', 'api-2', 'controllers', 'scheduler', 'scaler', 'health', 'feed']) {
      expect([app, inside(app, 'id -u; touch /shiplog/mark 2>&1; grep CapEff /proc/self/status')]).toEqual([
        app,
        expect.stringMatching(/^10001\n.*[Rr]ead-only file system\nCapEff:\s0+$/),
      ]);
      const login = JSON.parse(inside(app, 'cat /run/shiplog/event-store.json')) as Record<string, string>;
      expect(login['username']).toBe(`shiplog-${app === 'api-2' ? 'api' : app}`);
      passwords.add(login['password'] ?? '');
      const hasKeys = inside(app, 'ls /data/keys | wc -l') !== '0';
      expect([app, hasKeys]).toEqual([app, ['api', 'api-2', 'health'].includes(app)]);
    }
    expect(passwords.size).toBe(6);
    const described = compose('ps', '-q')
      .trim()
      .split('\n')
      .map((id) => spawnSync('docker', ['inspect', id], { encoding: 'utf8' }).stdout);
    for (const password of passwords) expect(described.some((text) => text.includes(password))).toBe(false);
  });

  it('has an event store that answers nobody without a login', () => {
    const script = `import('#adapters').then(({ openEventLog }) => openEventLog('esdb://eventstore:2113?tls=true&tlsCaFile=/run/shiplog/ca.crt', { mode: 'read', patience: { answerMs: 2000, giveUpMs: 2000 } })).then(() => console.log('opened'), (error) => console.log(error.message)).then(() => process.exit(0))`;
    const answer = compose('exec', '-T', 'feed', 'node', '--no-warnings', '--input-type=module', '-e', script);
    expect(answer).toMatch(/denied/i);
  });

  it('shows the lease of a node out of the memory of the health app, whose next life hears the node again', async () => {
    const renewed = (): string =>
      kubectl('get', 'lease', 'compose-node', '-n', 'kube-node-lease', '-o', 'jsonpath={.spec.renewTime}');
    expect(kubectl('describe', 'node', 'compose-node')).toMatch(/HolderIdentity: +compose-node\n/);
    const before = renewed();
    expect(before).toMatch(/^\d{4}-\S+\.\d{6}Z$/);
    compose('kill', 'health');
    expect(renewed()).toContain('(NotFound)');
    compose('up', '-d', '--no-build');
    await until(() => /^\d{4}-/.test(renewed()) && renewed() > before, 'a renewal');
  });

  it('has new keys in use in every container after a rotation by hand, and goes on', async () => {
    const rotate = ['node', '--no-warnings', 'dist/apps/cli/main.js', 'keys', 'rotate'];
    expect(compose('exec', '-T', 'api', ...rotate)).toContain('The running cluster has them in use');
    const certificates = (text: string): number => text.split('BEGIN CERTIFICATE').length - 1;
    const inFile = (app: string, file: string): number => certificates(compose('exec', '-T', app, 'cat', file));
    for (const [app, file, count] of [
      ['controllers', '/run/shiplog/bus.json', 2],
      ['feed', '/run/shiplog/ca.crt', 2],
      ['agent', '/credentials/compose-node.json', 2],
      // The server's own, the one that links its CA to the first, and its CA, of which a machine that joins knows the hash.
      ['nats', '/etc/shiplog-nats/server.crt', 3],
    ] as const)
      await until(() => inFile(app, file) === count, `${file} of ${app}`);
    const published = (): string => kubectl('get', 'configmap', 'kube-root-ca.crt', '-o', 'jsonpath={.data}');
    await until(() => certificates(published()) === 2, 'both CAs in kube-root-ca.crt');
    await until(() => compose('logs', 'nats').includes('Reloaded server configuration'), 'the bus has read its files');
    compose('restart', 'controllers');
    kubectl('scale', 'deployment/web', '--replicas=1');
    await until(
      () => /^1$/m.test(kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}')),
      'one ready replica',
    );
    await until(() => / Ready /.test(kubectl('get', 'nodes')), 'a ready node');
  }, 480_000);

  it('takes writes through both servers of the API, and through either while the other one is killed', async () => {
    const create = (port: number, name: string): string => kubectlAt(port, 'create', 'configmap', name);
    for (const [app, other] of [
      ['api', secondPort],
      ['api-2', apiPort],
    ] as const) {
      for (const port of [apiPort, secondPort])
        expect(create(port, `${app}-${port}`)).toBe(`configmap/${app}-${port} created\n`);
      compose('kill', app);
      expect(create(other, `without-${app}`)).toBe(`configmap/without-${app} created\n`);
      compose('up', '-d', '--no-build');
      const port = other === apiPort ? secondPort : apiPort;
      await until(() => kubectlAt(port, 'get', 'configmap', `without-${app}`).includes('without-'), `${app} is back`);
    }
  }, 240_000);

  it('goes on after the bus and the writer were killed', async () => {
    compose('kill', 'nats', 'api');
    compose('up', '-d', '--no-build');
    await until(
      () => /deployment.apps\/web scaled/.test(kubectl('scale', 'deployment/web', '--replicas=3')),
      'a write',
    );
    await until(
      () => /^3$/m.test(kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}')),
      'three ready replicas',
    );
  });
});

function deployment(): object {
  const labels = { app: 'web' };
  const container = {
    name: 'web',
    image: BUSYBOX,
    command: ['sh', '-c', 'echo hello from compose; exec sleep 100000'],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container], terminationGracePeriodSeconds: 1 } },
    },
  };
}
