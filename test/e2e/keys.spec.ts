import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kubectl } from '../../tools/clients.mjs';
import { ApiClient } from '../support/api-client.js';
import { BUSYBOX, importBusybox, TestCluster, until } from '../support/test-cluster.js';
import { FOREVER, PODS, type PodStatus } from '../support/workloads.js';

/** `shiplog keys rotate` on a running cluster with a node: everybody goes on, old copies of the kubeconfig and old tokens too. */
let cluster: TestCluster;
let old: ApiClient;
let token = '';

beforeAll(async () => {
  importBusybox();
  cluster = new TestCluster('keys');
  await cluster.start();
  old = new ApiClient(cluster.kubeconfig);
});
afterAll(async () => {
  old?.close();
  await cluster?.remove();
});

const shiplog = (...words: string[]): string =>
  execFileSync(process.execPath, ['--no-warnings', 'dist/apps/cli/main.js', ...words], {
    env: { ...process.env, SHIPLOG_HOME: cluster.home },
    encoding: 'utf8',
  });
const SECRETS = '/api/v1/namespaces/default/secrets';
const valueOf = async (client: ApiClient): Promise<unknown> =>
  (await client.get(`${SECRETS}/kept`)).json<{ data: { a: string } }>().data.a;
const filesIn = (folder: string): readonly string[] => readdirSync(join(cluster.home, 'keys', folder));
const casIn = (pem: string): number => pem.split('BEGIN CERTIFICATE').length - 1;

async function runPod(name: string): Promise<void> {
  const container = { name: 'main', image: BUSYBOX, command: FOREVER };
  const body = { metadata: { name }, spec: { terminationGracePeriodSeconds: 1, containers: [container] } };
  expect((await cluster.api.call('POST', PODS, { body })).status).toBe(201);
  await until(
    `${name} is ready`,
    async () => (await cluster.api.get(`${PODS}/${name}`)).json<PodStatus>().status.containerStatuses?.[0]?.ready,
    (ready) => ready === true,
  );
}
/** Whether the API knows whose the token is. */
async function isKnown(text: string): Promise<unknown> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: text } };
  const review = await cluster.api.call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { body });
  return review.json<{ status: { authenticated?: boolean } }>().status.authenticated;
}
async function newToken(): Promise<string> {
  const path = '/api/v1/namespaces/default/serviceaccounts/default/token';
  const answer = await cluster.api.call('POST', path, { body: { spec: { expirationSeconds: 3600 } } });
  return answer.json<{ status: { token: string } }>().status.token;
}

describe('shiplog keys', () => {
  it('lists which there are, and no key', async () => {
    await cluster.api.call('POST', SECRETS, { body: { metadata: { name: 'kept' }, data: { a: 'Yg==' } } });
    token = await newToken();
    await runPod('before');
    const listed = shiplog('keys');
    for (const what of [
      'CA 1',
      'front-proxy CA 1',
      'token key 1',
      'master key 1',
      "the API's certificate",
      "the bus's certificate",
    ])
      expect(listed).toMatch(new RegExp(`^${what} .*in use`, 'm'));
    // All are of the first start, a moment ago; certificates are valid from an hour before that on.
    const made = listed.match(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?= \(0 days ago)/g) ?? [];
    expect(made).toHaveLength(listed.trim().split('\n').length - 1);
    for (const time of made) expect(Date.now() - Date.parse(`${time}Z`)).toBeLessThan(1_800_000);
    expect(listed).not.toMatch(/PRIVATE|BEGIN/);
    expect(shiplog('keys', 'list').split('\n')).toHaveLength(listed.split('\n').length);
  });

  it('says that there is no key store where there is none', () => {
    const env = { ...process.env, SHIPLOG_HOME: '/nonexistent' };
    const asked = spawnSync(process.execPath, ['dist/apps/cli/main.js', 'keys', 'rotate'], { env, encoding: 'utf8' });
    expect([asked.status, asked.stderr]).toEqual([1, expect.stringContaining('There is no key store in /nonexistent')]);
  });

  it('renews the certificates alone in a cluster that never did, and they are in use when it returns', () => {
    const certificates = (): readonly string[] =>
      shiplog('keys')
        .split('\n')
        .filter((row) => / certificate /.test(row));
    const before = certificates();
    expect(before).toHaveLength(3);
    shiplog('keys', 'rotate', '--certificates');
    for (const row of certificates()) expect(before).not.toContain(row);
  });

  it('rotates all of them at once, and the running cluster has them in use when it returns', async () => {
    const kubeconfig = readFileSync(cluster.kubeconfig, 'utf8');
    const busPid = cluster.busPid;
    const pid = cluster.controlPlanePid;
    const said = shiplog('keys', 'rotate');
    expect(said.trim().split('\n')).toEqual([
      'Made: CA 2.',
      'Made: front-proxy CA 2.',
      'Made: token key 2.',
      'Made: master key 2.',
      'All certificates are to be renewed.',
      'The running cluster has them in use. See "shiplog keys" for how long the earlier ones are trusted.',
    ]);
    const listed = shiplog('keys');
    expect(listed).toMatch(/^CA 1 .*trusted .*in 36\d days/m);
    for (const what of ['CA 2', 'front-proxy CA 2', 'token key 2', 'master key 2'])
      expect(listed).toMatch(new RegExp(`^${what} .*in use`, 'm'));
    expect(filesIn('master')).toEqual(['000002']);
    expect([cluster.busPid, cluster.controlPlanePid]).toEqual([busPid, pid]);
    await until(
      'a new kubeconfig',
      () => Promise.resolve(readFileSync(cluster.kubeconfig, 'utf8')),
      (text) => text !== kubeconfig,
    );
  });

  it('leaves nobody behind: copies of the kubeconfig, tokens, Secrets, pods, the agent', async () => {
    const renewed = new ApiClient(cluster.kubeconfig);
    expect([await valueOf(old), await valueOf(renewed)]).toEqual(['Yg==', 'Yg==']);
    renewed.close();
    expect([await isKnown(token), await isKnown(await newToken())]).toEqual([true, true]);
    const words = ['--kubeconfig', cluster.kubeconfig, 'get', '--raw', '/openid/v1/jwks'];
    const jwks = JSON.parse(execFileSync(kubectl(), words, { encoding: 'utf8' })) as { keys: unknown[] };
    expect(jwks.keys).toHaveLength(2);
    const published = async (): Promise<string> =>
      (await cluster.api.get('/api/v1/namespaces/default/configmaps/kube-root-ca.crt')).json<{
        data: Record<string, string>;
      }>().data['ca.crt'] ?? '';
    await until('both CAs are published', published, (pem) => casIn(pem) === 2);
    const trust = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
    await until(
      'both CAs of the front proxy are published',
      async () => (await cluster.api.get(trust)).json<{ data: Record<string, string> }>().data,
      (data) => casIn(data['requestheader-client-ca-file'] ?? '') === 2 && casIn(data['client-ca-file'] ?? '') === 2,
    );
    const agentsCa = (): string =>
      (
        JSON.parse(readFileSync(join(cluster.home, 'agent', cluster.node, 'credentials.json'), 'utf8')) as {
          ca: string;
        }
      ).ca;
    await until(
      'the agent knows both',
      () => Promise.resolve(agentsCa()),
      (pem) => casIn(pem) === 2,
    );
    await runPod('after');
    await cluster.killAgent();
    await runPod('afterwards');
  });

  it('is in the audit files, and no key is anywhere else', () => {
    const lines = readFileSync(join(cluster.home, 'audit', 'audit.log'), 'utf8').split('\n');
    const about = lines.filter((line) => line.includes('"resource":"keys"')).map((line) => JSON.parse(line) as object);
    for (const name of ['ca-2', 'frontProxy-2', 'tokens-2', 'master-2', 'certificates-1', 'certificates-2'])
      expect(about).toContainEqual(
        expect.objectContaining({
          verb: 'create',
          user: { username: expect.stringMatching(/^os:/) },
          objectRef: expect.objectContaining({ name }),
        }),
      );
    const master = readFileSync(join(cluster.home, 'keys/master/000002'), 'utf8').trim().split('\n').at(-1) ?? '?';
    for (const text of [cluster.output, ...lines]) expect(text.includes(master)).toBe(false);
    expect(cluster.output).toMatch(/The CA 2 was made \(by .+\)\./);
    expect(cluster.output).not.toMatch(/PRIVATE|BEGIN/);
  });

  it('goes on after a restart, and renews one of them alone', async () => {
    await cluster.stop();
    await cluster.start();
    expect(await valueOf(cluster.api)).toBe('Yg==');
    expect(await isKnown(token)).toBe(true);
    const shown = (): string => new X509Certificate(readFileSync(join(cluster.home, 'nats/server.crt'))).fingerprint256;
    const before = shown();
    expect(shiplog('keys', 'rotate', '--certificates')).toMatch(/^All certificates are to be renewed\.\nThe running/);
    await until(
      'a new certificate of the bus',
      () => Promise.resolve(shown()),
      (now) => now !== before,
    );
    expect([filesIn('ca').length, filesIn('master').length, filesIn('token-keys').length]).toEqual([2, 1, 2]);
    expect(shiplog('keys')).toMatch(/^CA 2 .*in use/m);
  });
});
