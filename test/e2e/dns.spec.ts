import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BUSYBOX, importBusybox, TestCluster, until } from '../support/test-cluster.js';
import { deployment, DEPLOYMENTS, podsOf, rolledOut } from '../support/workloads.js';

const NAMESPACE = '/api/v1/namespaces/default';
let cluster: TestCluster;
/** Of the client's resolv.conf: 10.96.0.10, or the address of the bridge while the agent of another cluster has that. */
let nameServer = '';

beforeAll(async () => {
  importBusybox();
  cluster = new TestCluster('dns');
  await cluster.start();
  await create(DEPLOYMENTS, deployment('client', 1));
  const ports = [{ name: 'http', port: 80 }];
  await create(`${NAMESPACE}/services`, service('web', { ports }));
  await create(`${NAMESPACE}/services`, service('db', { ports, clusterIP: 'None', selector: { app: 'db' } }));
  await create(
    `${NAMESPACE}/services`,
    service('outside', { type: 'ExternalName', externalName: 'kubernetes.default.svc.cluster.local' }),
  );
  await create(`${NAMESPACE}/pods`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'db-0', labels: { app: 'db' } },
    spec: {
      hostname: 'db-0',
      subdomain: 'db',
      containers: [{ name: 'c', image: BUSYBOX, command: ['busybox', 'sleep', '100000'] }],
    },
  });
  await rolledOut(cluster, 'client');
  const { app } = await containersOf('client');
  const text = execFileSync('docker', ['exec', app, 'busybox', 'cat', '/etc/resolv.conf'], { encoding: 'utf8' });
  nameServer = /^nameserver (\S+)$/m.exec(text)?.[1] ?? '';
}, 120_000);

afterAll(() => cluster?.remove(), 90_000);

function service(name: string, spec: object): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
}
async function create(path: string, body: object): Promise<void> {
  expect((await cluster.api.call('POST', path, { body })).status).toBe(201);
}
async function containersOf(app: string): Promise<{ readonly app: string; readonly network: readonly string[] }> {
  const [pod] = await podsOf(cluster, app);
  const all = (await cluster.containers({ infra: true })).filter(
    ({ Labels }) => Labels['io.shiplog.pod.uid'] === pod?.metadata.uid,
  );
  const isInfra = ({ Labels }: (typeof all)[number]): boolean => Labels['io.shiplog.container.role'] === 'infra';
  const pid = execFileSync('docker', ['inspect', '-f', '{{.State.Pid}}', all.find(isInfra)?.Id ?? ''], {
    encoding: 'utf8',
  });
  return { app: all.find((one) => !isInfra(one))?.Id ?? '', network: ['nsenter', `--net=/proc/${pid.trim()}/ns/net`] };
}
/** What the name servers of the pod answer a resolver of Node's in its network: the records in JSON, or the code of the problem. */
async function resolve(name: string, type: string, network?: readonly string[]): Promise<string> {
  const code = `
    const resolver = new (require('node:dns').promises.Resolver)({ timeout: 2000, tries: 2 });
    resolver.setServers(['${nameServer}']);
    resolver.resolve('${name}', '${type}').then((all) => console.log(JSON.stringify(all)), (error) => console.log(error.code));`;
  const [program = '', ...words] = [
    ...(network ?? (await containersOf('client')).network),
    process.execPath,
    '-e',
    code,
  ];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (data: Buffer) => (text += data.toString()));
  return new Promise((done) => child.once('close', () => done(text.trim())));
}
/** Where the agent listens beside: the first address of the node's range of pods. */
async function bridgeAddress(): Promise<string | undefined> {
  const { items } = (await cluster.api.get('/api/v1/nodes')).json<{
    readonly items: readonly { readonly spec: { readonly podCIDR?: string } }[];
  }>();
  return items[0]?.spec.podCIDR?.replace(/\.0\/\d+$/, '.1');
}
async function clusterIp(name: string): Promise<string> {
  const { spec } = (await cluster.api.get(`${NAMESPACE}/services/${name}`)).json<{
    readonly spec: { readonly clusterIP: string };
  }>();
  return spec.clusterIP;
}

describe('cluster DNS on a real engine', () => {
  it('answers a pod: a service, its port, the pods of a headless one by their host names, an alias', async () => {
    expect(await resolve('web.default.svc.cluster.local', 'A')).toBe(JSON.stringify([await clusterIp('web')]));
    expect(JSON.parse(await resolve('_http._tcp.web.default.svc.cluster.local', 'SRV'))).toMatchObject([
      { name: 'web.default.svc.cluster.local', port: 80 },
    ]);
    const ip = await until(
      'db-0',
      () => resolve('db-0.db.default.svc.cluster.local', 'A'),
      (found) => found.startsWith('['),
    );
    expect(await resolve('db.default.svc.cluster.local', 'A')).toBe(ip);
    expect(await resolve('outside.default.svc.cluster.local', 'A')).toBe('["10.96.0.1"]');
    expect(await resolve('nobody.default.svc.cluster.local', 'A')).toBe('ENOTFOUND');
    expect(await resolve('kube-dns.kube-system.svc.cluster.local', 'A')).toBe('["10.96.0.10"]');
  });
  it('answers the node itself', async () => {
    expect(await resolve('web.default.svc.cluster.local', 'A', ['env'])).toBe(JSON.stringify([await clusterIp('web')]));
  });
  it('is what the pod’s resolv.conf names, with the search path of its namespace', async () => {
    const { app } = await containersOf('client');
    const text = execFileSync('docker', ['exec', app, 'busybox', 'cat', '/etc/resolv.conf'], { encoding: 'utf8' });
    expect(text).toMatch(/^search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local/);
    expect(['10.96.0.10', await bridgeAddress()]).toContain(nameServer);
    expect(text).toContain('options ndots:5');
    const found = execFileSync('docker', ['exec', app, 'busybox', 'nslookup', 'web.default.svc.cluster.local'], {
      encoding: 'utf8',
    });
    expect(found).toContain(await clusterIp('web'));
  });
  it('asks the servers of the node for other names', async () => {
    const servers = /^nameserver\s+\S+/m.test(readFileSync('/etc/resolv.conf', 'utf8'));
    // Whatever they say, or that there are none: it is their answer, and not that of the cluster.
    const answered = await resolve('name.invalid', 'A');
    expect(servers ? ['ENOTFOUND', 'ESERVFAIL', 'ETIMEOUT', 'EREFUSED'] : ['ESERVFAIL']).toContain(answered);
  });
  it('answers while the control plane is dead, and after all of it was started again', async () => {
    const ip = JSON.stringify([await clusterIp('web')]);
    const { network } = await containersOf('client');
    await cluster.killControlPlane();
    expect(await resolve('web.default.svc.cluster.local', 'A', network)).toBe(ip);
    await cluster.start();
    await until(
      'an answer',
      () => resolve('web.default.svc.cluster.local', 'A', network),
      (found) => found === ip,
    );
  });
});
