import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NatsAuthority, NatsBus, openFileKeys } from '#adapters';
import { appPermissions, busRules } from '#engine';
import { kubectl } from '../../tools/clients.mjs';
import { BUSYBOX, engine, importBusybox, processesWith, TestCluster, until } from '../support/test-cluster.js';
import { FOREVER, PODS, type PodStatus } from '../support/workloads.js';

const SECRETS = '/api/v1/namespaces/default/secrets';
let cluster: TestCluster;
let bus: NatsBus | undefined;
let manifests = '';
const feed: Buffer[] = [];
const subjectsSeen = new Set<string>();

/** Every clear text that was ever in a Secret. Long enough and strange enough to be found nowhere by chance. */
const clearTexts: string[] = [];
function clearText(use: string): string {
  const text = `Geheim-${use}-${Math.random().toString(36).slice(2)}-0123456789`;
  clearTexts.push(text);
  return text;
}
const base64 = (text: string): string => Buffer.from(text).toString('base64');

beforeAll(async () => {
  importBusybox();
  cluster = new TestCluster('vault', { SHIPLOG_EVENTS_PER_CHECKPOINT: '20' });
  await cluster.start();
  bus = await subscribeToFeed();
});

afterAll(async () => {
  await bus?.close();
  await cluster?.remove();
});

/** An outside subscriber of the public feed. */
async function subscribeToFeed(): Promise<NatsBus> {
  const keys = await openFileKeys(cluster.home);
  const authority = await NatsAuthority.open(keys.store);
  const user = await authority.issueUser('listener', appPermissions(['reader'], 'listener'));
  const port = readFileSync(join(cluster.home, 'nats', 'port'), 'utf8').trim();
  const credentials = { url: `nats://127.0.0.1:${port}`, ca: keys.caCertificate, ...user };
  const listener = await NatsBus.connect(credentials, { name: 'listener', rules: busRules });
  listener.subscribe('events.>', (data, subject) => {
    feed.push(Buffer.from(data));
    subjectsSeen.add(subject);
  });
  return listener;
}

function kubectlApply(manifest: object, ...words: string[]): void {
  manifests = JSON.stringify(manifest);
  execFileSync(kubectl(), ['--kubeconfig', cluster.kubeconfig, 'apply', ...words, '-f', '-'], {
    input: manifests,
    stdio: 'pipe',
  });
}
const secret = (name: string, rest: object): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  ...rest,
});

async function patch(name: string, contentType: string, body: unknown): Promise<void> {
  const answer = await cluster.api.call(
    'PATCH',
    `${SECRETS}/${name}${contentType.includes('apply') ? '?fieldManager=x&force=true' : ''}`,
    {
      body,
      contentType,
    },
  );
  expect([contentType, answer.status]).toEqual([contentType, 200]);
}

/** Every way to write a Secret. */
async function writeSecrets(): Promise<void> {
  const { api } = cluster;
  const first = secret('written', {
    stringData: { text: clearText('stringdata') },
    data: { blob: base64(clearText('data')) },
    metadata: { name: 'written', annotations: { note: clearText('annotation') } },
  });
  expect((await api.call('POST', SECRETS, { body: first })).status).toBe(201);
  await patch('written', 'application/merge-patch+json', { stringData: { text: clearText('merge') } });
  await patch('written', 'application/strategic-merge-patch+json', { data: { more: base64(clearText('strategic')) } });
  await patch('written', 'application/json-patch+json', [
    { op: 'add', path: '/data/json', value: base64(clearText('json')) },
    { op: 'replace', path: '/metadata/annotations/note', value: clearText('json-annotation') },
  ]);
  await patch('written', 'application/json-patch+json', [
    { op: 'replace', path: '/data', value: { all: base64(clearText('json-all')) } },
  ]);
  await patch(
    'written',
    'application/apply-patch+yaml',
    secret('written', { stringData: { applied: clearText('apply') } }),
  );
  const current = (await api.get(`${SECRETS}/written`)).json<{ data: object }>();
  const changed = { ...current, data: { ...current.data, put: base64(clearText('put')) } };
  expect((await api.call('PUT', `${SECRETS}/written`, { body: changed })).status).toBe(200);
  kubectlApply(secret('applied', { stringData: { password: clearText('kubectl') } }));
  kubectlApply(secret('applied', { stringData: { password: clearText('kubectl-again') } }));
  kubectlApply(secret('server-side', { stringData: { password: clearText('kubectl-ssa') } }), '--server-side');
  await writeWhatIsRefused();
  await api.call('DELETE', `${SECRETS}/server-side`);
  const unborn = secret('unborn', { stringData: { a: clearText('dry-run') } });
  expect((await api.call('POST', `${SECRETS}?dryRun=All`, { body: unborn })).status).toBe(201);
}

/** A refusal that quotes what was sent may be answered, never logged. */
async function writeWhatIsRefused(): Promise<void> {
  const { api } = cluster;
  const refused = [
    secret('refused', { data: { key: `${clearText('not-base64')} ???` } }),
    secret('refused', { stringData: { 'bad key!': clearText('bad-key') } }),
    secret('refused', { stringData: { a: clearText('unknown-field') }, wonder: clearText('unknown-value') }),
    secret('refused', { type: 'kubernetes.io/tls', stringData: { a: clearText('wrong-type') } }),
  ];
  for (const body of refused) {
    const answer = await api.call('POST', `${SECRETS}?fieldValidation=Strict`, { body });
    expect(answer.status).toBeGreaterThanOrEqual(400);
  }
  expect((await api.call('POST', SECRETS, { body: `{"data": {"a": "${base64(clearText('broken'))}"` })).status).toBe(
    400,
  );
  const large = secret('large', { stringData: { a: `${clearText('too-large')}${'x'.repeat(1_100_000)}` } });
  expect((await api.call('POST', SECRETS, { body: large })).status).toBe(422);
}

/** A pod that gets Secrets as variables and as files, whole and by key, and shows that it has them. */
async function usePod(): Promise<void> {
  const reference = { name: 'applied', key: 'password' };
  const pod = {
    metadata: { name: 'user' },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'main',
          image: BUSYBOX,
          command: [
            ...FOREVER.slice(0, 2),
            `test "$PASSWORD" = "$(cat /etc/one/password)" && touch /tmp/same; ${FOREVER[2]}`,
          ],
          env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: reference } }],
          envFrom: [{ secretRef: { name: 'written' }, prefix: 'W_' }],
          readinessProbe: { exec: { command: ['test', '-f', '/tmp/same'] }, periodSeconds: 1 },
          volumeMounts: ['one', 'two'].map((name) => ({ name, mountPath: `/etc/${name}` })),
        },
      ],
      volumes: [
        { name: 'one', secret: { secretName: 'applied' } },
        {
          name: 'two',
          projected: { sources: [{ secret: { name: 'written', items: [{ key: 'put', path: 'deep/put' }] } }] },
        },
      ],
    },
  };
  expect((await cluster.api.call('POST', PODS, { body: pod })).status).toBe(201);
  await until(
    'the pod has its secrets',
    () => readyPod('user'),
    (ready) => ready,
  );
  // Two that cannot start, for whatever their messages say.
  const missing = {
    ...pod,
    metadata: { name: 'lost' },
    spec: { ...pod.spec, containers: [broken('KEY', 'nothing-here')] },
  };
  expect((await cluster.api.call('POST', PODS, { body: missing })).status).toBe(201);
}
const broken = (name: string, key: string): object => ({
  name: 'main',
  image: BUSYBOX,
  env: [{ name, valueFrom: { secretKeyRef: { name: 'applied', key } } }],
});
async function readyPod(name: string): Promise<boolean> {
  const { status } = (await cluster.api.get(`${PODS}/${name}`)).json<PodStatus>();
  return status.containerStatuses?.[0]?.ready === true;
}

/** The text, and its base64 wherever in a longer text it may begin: three ways to look for it. */
function formsOf(text: string): readonly Buffer[] {
  const shifted = [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(`${'x'.repeat(shift)}${text}`).toString('base64');
    // First and last characters depend on the neighbours.
    return encoded.slice(shift === 0 ? 0 : 4, -4);
  });
  const wide = Buffer.from(text, 'utf16le');
  return [Buffer.from(text), Buffer.from(text).toString('hex'), ...shifted, wide].map((form) => Buffer.from(form));
}
function leaks(where: string, bytes: Buffer): readonly string[] {
  return clearTexts
    .filter((text) => formsOf(text).some((form) => bytes.includes(form)))
    .map((text) => `${text} in ${where}`);
}

/** Regular files under a folder. Folders in memory are the agent's way to hand files to a container: they are looked at elsewhere. */
function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isFile());
}
function leaksUnder(folder: string): readonly string[] {
  return filesUnder(folder).flatMap((path) => {
    try {
      return leaks(path, readFileSync(path));
    } catch (cause) {
      // A checkpoint that is being written has another name a moment later.
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw cause;
    }
  });
}

describe('the clear text of a Secret', () => {
  it('is written and used in every way there is', async () => {
    await writeSecrets();
    await usePod();
    // Enough is written for a checkpoint that holds them, and the feed has passed it on.
    expect(readdirSync(join(cluster.home, 'checkpoints', 'standalone')).length).toBeGreaterThan(0);
    const told = (): Promise<boolean> =>
      Promise.resolve(subjectsSeen.has('events.core.secrets.default.server-side.Deleted'));
    await until('the feed tells of them', told, (seen) => seen, 20);
    expect([...subjectsSeen]).toContain('events.core.secrets.default.written.Created');
    expect(clearTexts.length).toBeGreaterThan(15);
    expect(leaks('what this test looks at', Buffer.from(manifests))).toHaveLength(1);
    expect(leaks('base64', Buffer.from(base64(`ab${clearTexts[0]}cd`)))).toHaveLength(1);
  });

  it('is not near the environment of the agent, which is a list of what it needs', () => {
    const [node = ''] = readdirSync(join(cluster.home, 'agent'));
    const pid = readFileSync(join(cluster.home, 'agent', node, 'pid'), 'utf8').trim();
    const names = readFileSync(`/proc/${pid}/environ`, 'latin1')
      .split('\0')
      .map((line) => line.split('=')[0])
      .filter((name) => name !== '');
    const needed =
      /^(PATH|TMPDIR|TZ|LANG|LC_ALL|HOME|DOCKER_\w+|NODE_EXTRA_CA_CERTS|SHIPLOG_(POD_CIDR|SERVICE_CIDR|NODE_CIDR_MASK_IPV6|POD_NETWORK|HOME|NODE|CREDENTIALS|API_ADDRESS|METRICS_INTERVAL|PROXY_MODE|EVICTION_HARD|SYSTEM_RESERVED|KUBE_RESERVED))$/;
    expect(names.filter((name) => !needed.test(name ?? ''))).toEqual([]);
  });
  it('is in files that no other user can open, like all else in the data folder', () => {
    const open = readdirSync(cluster.home, { recursive: true, encoding: 'utf8' })
      // What containers are to read lies in the folders of pods, which are closed as a whole.
      .filter((name) => !/^agent\/[^/]+\/pods\/.+/.test(name))
      .map((name) => join(cluster.home, name))
      .filter((path) => !lstatSync(path).isSymbolicLink() && (lstatSync(path).mode & 0o077) !== 0);
    expect(open).toEqual([]);
    expect(lstatSync(cluster.home).mode & 0o777).toBe(0o700);
    const memory = readFileSync(join(cluster.home, 'memory-folders'), 'utf8').trim();
    for (const path of [memory, join(memory, 'pods')])
      expect([path, lstatSync(path).mode & 0o777]).toEqual([path, 0o700]);
  });
  it('is nowhere in the data folder', () => {
    expect(filesUnder(cluster.home).some((path) => path.includes('events.db-wal'))).toBe(true);
    expect(leaksUnder(cluster.home)).toEqual([]);
  });

  it('is not on the bus feed, not in process logs, command lines or environments', async () => {
    expect(leaks('the feed', Buffer.concat(feed))).toEqual([]);
    expect(leaks('process logs', Buffer.from(cluster.output))).toEqual([]);
    const look = (): Promise<readonly number[]> => Promise.resolve(processesWith(cluster.home));
    const pids = await until('control plane, agent and bus', look, (found) => found.length === 3, 10);
    for (const pid of pids)
      for (const file of ['cmdline', 'environ'])
        expect(leaks(`${pid} ${file}`, readFileSync(`/proc/${pid}/${file}`))).toEqual([]);
  });

  it('reaches a container through memory only; what the engine is told as variables is the engine’s', async () => {
    const [container] = (await cluster.containers()).filter(({ Labels }) => Labels['io.shiplog.pod.name'] === 'user');
    const { body } = await engine('GET', `/containers/${container?.Id}/json`);
    const inspected = body as {
      Mounts: readonly { Source: string; Destination: string }[];
      Config: { Env: string[] };
      LogPath: string;
    };
    for (const destination of ['/etc/one', '/etc/two']) {
      const mount = inspected.Mounts.find(({ Destination }) => Destination === destination);
      expect([destination, fileSystemOf(mount?.Source ?? '')]).toEqual([destination, 'tmpfs']);
    }
    const { Config, ...rest } = inspected;
    const { Env, ...config } = Config;
    // Docker keeps variables in its own data: whoever may not do that uses a volume.
    expect(leaks('variables', Buffer.from(JSON.stringify(Env))).length).toBeGreaterThan(0);
    expect(leaks('the rest of the container', Buffer.from(JSON.stringify([rest, config])))).toEqual([]);
  });

  it('is not in what the API says of other kinds', async () => {
    for (const path of ['/api/v1/pods', '/api/v1/events', '/api/v1/nodes', '/api/v1/configmaps']) {
      expect(leaks(path, (await cluster.api.get(path)).body)).toEqual([]);
    }
  });

  it('is forgotten by the command line: what it was, and what is deleted', async () => {
    const shiplog = (...words: readonly string[]): string =>
      execFileSync(process.execPath, ['tools/shiplog.mjs', ...words], {
        encoding: 'utf8',
        env: { ...process.env, SHIPLOG_HOME: cluster.home },
      });
    const past = async (position: string) =>
      JSON.parse((await cluster.api.get(`/at/position:${position}${SECRETS}/forgotten`)).body.toString()) as {
        data: { a: string };
        metadata: { resourceVersion: string; annotations: object };
      };
    const [first, second] = [clearText('forgotten-1'), clearText('forgotten-2')];
    kubectlApply(secret('forgotten', { stringData: { a: first } }));
    const { metadata } = JSON.parse((await cluster.api.get(`${SECRETS}/forgotten`)).body.toString()) as Awaited<
      ReturnType<typeof past>
    >;
    const then = metadata.resourceVersion;
    kubectlApply(secret('forgotten', { stringData: { a: second } }));
    expect((await past(then)).data.a).toBe(base64(first));
    expect(shiplog('secrets', 'shred', '--versions', 'forgotten')).toContain('can never be read again');
    const shred = { data: { a: '' }, metadata: { annotations: { 'shiplog.io/shredded': 'true' } } };
    expect(await past(then)).toMatchObject(shred);
    const now = JSON.parse((await cluster.api.get(`${SECRETS}/forgotten`)).body.toString()) as typeof shred & {
      metadata: { resourceVersion: string };
    };
    expect(now.data.a).toBe(base64(second));
    await cluster.api.call('DELETE', `${SECRETS}/forgotten`);
    expect((await past(now.metadata.resourceVersion)).data.a).toBe(base64(second));
    expect(shiplog('secrets', 'shred', 'forgotten', '-n', 'default')).toContain('can never be read again');
    expect(await past(now.metadata.resourceVersion)).toMatchObject(shred);
    expect(() => shiplog('secrets', 'shred', 'forgotten')).toThrow(/not found/);
  });

  it('is nowhere after the cluster was killed, started again and stopped', async () => {
    await cluster.killControlPlane();
    await cluster.start();
    expect((await cluster.api.get(`${SECRETS}/applied`)).body.toString()).toContain(
      base64(clearTexts.find((t) => t.includes('kubectl-again')) ?? '?'),
    );
    await cluster.stop();
    expect(leaksUnder(cluster.home)).toEqual([]);
    expect(leaks('process logs', Buffer.from(cluster.output))).toEqual([]);
  });
});

function fileSystemOf(path: string): string {
  const probe = execFileSync('stat', ['-f', '-c', '%T', path], { encoding: 'utf8' });
  return probe.trim();
}
