import { spawn } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openFileKeys, type StoredKeys } from '#adapters';
import { kubectl } from '../../tools/clients.mjs';
import { AggregatedTestServer, FLUNDERS, GROUP } from '../support/aggregated-server.js';
import { startCluster, until } from '../support/test-cluster.js';
import type { StartedCluster } from '../../tools/cluster.mjs';

/** A real kubectl against a cluster with an aggregated API server: a process of its own for all that the cluster knows. */
let cluster: StartedCluster;
let keys: StoredKeys;
let remote: AggregatedTestServer;

const NAME = `v1.${GROUP}`;

beforeAll(async () => {
  cluster = await startCluster({ apps: 'api,controllers' });
  keys = await openFileKeys(cluster.home);
  const host = ownAddress();
  const issued = await keys.issueCertificate({ commonName: 'api', dnsNames: ['api.agg.svc'], usage: 'server' });
  remote = await AggregatedTestServer.start({ ...issued, frontProxyCa: keys.frontProxyCa, host });
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'agg' } });
  await apply({ ...object('v1', 'Service', 'api'), spec: { ports: [{ port: 443, targetPort: remote.port }] } });
  await apply({
    ...object('discovery.k8s.io/v1', 'EndpointSlice', 'api-1', { 'kubernetes.io/service-name': 'api' }),
    addressType: 'IPv4',
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
    ports: [{ name: '', port: remote.port, protocol: 'TCP' }],
  });
});
afterAll(async () => {
  await remote?.stop();
  await cluster?.stop();
});

/** Where only this machine reaches itself, a server is not looked for. */
function ownAddress(): string {
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  if (!found)
    throw new Error('this machine has no address but loopback: give it one, the API does not connect to itself');
  return found.address;
}
function object(apiVersion: string, kind: string, name: string, labels: Readonly<Record<string, string>> = {}): object {
  return { apiVersion, kind, metadata: { namespace: 'agg', name, labels } };
}
/** What kubectl prints. Not waited for on this thread, which is the aggregated server's too. */
function run(words: readonly string[], input = ''): Promise<string> {
  const child = spawn(kubectl(), words, { env: { ...process.env, KUBECONFIG: cluster.kubeconfig } });
  let [out, errors] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (errors += part.toString()));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(out) : reject(new Error(errors))));
  });
}
const apply = (one: object): Promise<string> => run(['apply', '-f', '-'], JSON.stringify(one));
const available = (): Promise<string> =>
  run(['get', 'apiservice', NAME, '-o', 'jsonpath={.status.conditions[0].reason}']);

describe('an aggregated API server', () => {
  it('is registered, found to be available, and used by kubectl like any other API', async () => {
    await apply({
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: NAME },
      spec: {
        ...{ group: GROUP, version: 'v1', groupPriorityMinimum: 2000, versionPriority: 10 },
        service: { namespace: 'agg', name: 'api' },
        caBundle: Buffer.from(keys.caCertificate).toString('base64'),
      },
    });
    await until('it is available', available, (reason) => reason === 'Passed');
    expect(await run(['get', 'apiservice', NAME, '--no-headers'])).toMatch(new RegExp(`^${NAME} +agg/api +True `));
    expect(await run(['get', 'apiservice', 'v1.apps', '--no-headers'])).toMatch(/^v1\.apps +Local +True /);
    const resources = (): Promise<string> => run(['api-resources', '--api-group', GROUP, '--no-headers']);
    expect(await until('it is discovered', resources, (text) => text !== '')).toMatch(/^flunders .* true +Flunder/);
    expect(await run(['get', 'flunders'])).toBe('');
    expect(remote.forwarded.at(-1)).toMatchObject({
      client: 'front-proxy-client',
      headers: { 'x-remote-user': 'kubernetes-admin' },
    });
  });

  it('is told who asks, and asked by those alone who may', async () => {
    const before = remote.forwarded.filter(({ url }) => url.startsWith(FLUNDERS)).length;
    await expect(run(['get', 'flunders', '--as', 'jane'])).rejects.toThrow(/flunders.wardle.example.com is forbidden/);
    expect(remote.forwarded.filter(({ url }) => url.startsWith(FLUNDERS)).length).toBe(before);
    await run(['create', 'clusterrole', 'flunders', '--verb=list', `--resource=flunders.${GROUP}`]);
    await run(['create', 'clusterrolebinding', 'flunders', '--clusterrole=flunders', '--user=jane']);
    await run(['get', 'flunders', '--as', 'jane']);
    expect(remote.forwarded.at(-1)?.headers['x-remote-user']).toBe('jane');
  });

  it('is watched', async () => {
    const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
    const child = spawn(kubectl(), ['get', '--raw', `${FLUNDERS}?watch=true`], { env });
    let text = '';
    child.stdout.on('data', (part: Buffer) => (text += part.toString()));
    await until(
      'the watch',
      () => Promise.resolve(remote.watches.length),
      (count) => count > 0,
    );
    remote.watches.at(-1)?.write('{"type":"ADDED"}\n');
    await until(
      'its line',
      () => Promise.resolve(text),
      (line) => line === '{"type":"ADDED"}\n',
    );
    child.kill();
  });

  it('leaves a sentence in the condition and 503 when it is gone; everything else goes on', async () => {
    await remote.stop();
    await run(['label', 'service', '-n', 'agg', 'api', 'touched=yes']);
    await until('it is unavailable', available, (reason) => reason === 'FailedDiscoveryCheck');
    await expect(run(['get', 'flunders'])).rejects.toThrow(/ServiceUnavailable|currently unable to handle the request/);
    expect(await run(['get', 'namespaces', '-o', 'name'])).toContain('namespace/agg');
  });
});
