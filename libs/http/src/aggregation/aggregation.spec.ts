import { apiServiceAvailability } from '#loops';
import type { JsonObject } from '#std';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { AggregatedTestServer, FLUNDERS, GROUP } from '../../../../test/support/aggregated-server.js';
import { TestServer, type Reply } from '../testing/test-server.js';
import { Aggregator } from './index.js';

const APISERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';
const SERVICES = '/api/v1/namespaces/other/services';
const NAME = `v1.${GROUP}`;
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

let server: TestServer;
let remote: AggregatedTestServer;
let aggregator: Aggregator;

beforeEach(async () => {
  server = await TestServer.start({
    aggregatorOf({ backend, keys, plane, clock }) {
      const onChecked = (name: string): void => availability?.poke(name);
      aggregator = new Aggregator({ backend, keys, clock, onChecked, limits: { lasting: 20, short: 20 } });
      const commands = { submit: backend.submit.bind(backend) };
      const [availability] = plane.run([apiServiceAvailability], commands, () => aggregator.outside());
      aggregator.start();
      return aggregator;
    },
  });
  const { keys } = server;
  const names = { commonName: 'api', dnsNames: ['api.other.svc'], usage: 'server' as const };
  const issued = await keys.issueCertificate(names);
  remote = await AggregatedTestServer.start({ ...issued, frontProxyCa: keys.frontProxyCa });
});
afterEach(async () => {
  aggregator.stop();
  await remote.stop();
  await server.stop();
});

async function until<T>(what: string, read: () => Promise<T | undefined>): Promise<T> {
  for (let i = 0; i < 600; i++) {
    const found = await read();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`it did not come about: ${what}`);
}
const base64 = (text: string): string => Buffer.from(text).toString('base64');
async function register(more: JsonObject = {}): Promise<void> {
  const spec = { type: 'ExternalName', externalName: 'localhost' };
  await server.create(SERVICES, { metadata: { name: 'api' }, spec });
  await server.create(APISERVICES, {
    metadata: { name: NAME },
    spec: {
      ...{ group: GROUP, version: 'v1', groupPriorityMinimum: 2000, versionPriority: 10 },
      service: { namespace: 'other', name: 'api', port: remote.port },
      caBundle: base64(server.keys.caCertificate),
      ...more,
    },
  });
}
async function condition(): Promise<{ status: string; reason: string; message: string } | undefined> {
  const { json } = await server.get(`${APISERVICES}/${NAME}`);
  const { conditions = [] } = (json?.['status'] ?? {}) as {
    conditions?: { status: string; reason: string; message: string }[];
  };
  return conditions[0];
}
const reason = (wanted: string) =>
  until(`the reason ${wanted}`, async () => ((await condition())?.reason === wanted ? condition() : undefined));
const touch = (label: string): Promise<Reply> =>
  server.ask({
    ...{ method: 'PATCH', path: `${SERVICES}/api`, type: 'application/merge-patch+json' },
    body: { metadata: { labels: { touched: label } } },
  });

describe('an aggregated API', () => {
  it('gets requests as the user that sent them, and nothing that the client says of itself', async () => {
    await register();
    expect((await server.get(FLUNDERS)).code).toBe(503);
    await reason('Passed');
    const reply = await server.ask({
      ...{ method: 'POST', path: `${FLUNDERS}?fieldManager=me`, body: { spec: 1 } },
      headers: {
        ...{ 'impersonate-user': 'jané', 'impersonate-group': 'devs', 'impersonate-uid': 'u-1' },
        ...{ 'impersonate-extra-example.com%2fscope': 'all', authorization: 'Basic eDp5' },
        ...{
          'x-remote-user': 'root',
          'x-remote-group': 'system:masters',
          'x-remote-extra-a': 'b',
          x_remote_user: 'root',
        },
        ...{ connection: 'x-gone', 'x-gone': '1', 'x-kept': '1' },
      },
    });
    expect([reply.code, reply.json?.['kind']]).toEqual([201, 'FlunderList']);
    const got = remote.forwarded.at(-1);
    expect(got).toMatchObject({
      method: 'POST',
      url: `${FLUNDERS}?fieldManager=me`,
      client: 'front-proxy-client',
      body: '{"spec":1}',
    });
    const { headers } = got as { headers: Record<string, string> };
    expect(Buffer.from(headers['x-remote-user'] ?? '', 'latin1').toString()).toBe('jané');
    expect(headers).toMatchObject({
      ...{ 'x-remote-group': 'devs, system:authenticated', 'x-remote-uid': 'u-1', 'x-kept': '1' },
      ...{ 'x-remote-extra-example.com%2fscope': 'all', 'audit-id': expect.any(String) },
    });
    const leaked = Object.keys(headers).filter((name) =>
      /^(authorization|impersonate|x-gone|x_remote|x-remote-extra-a$)/.test(name),
    );
    expect(leaked).toEqual([]);
  });

  it('is unavailable with the reason in the condition, and nobody else is', async () => {
    await server.create(APISERVICES, {
      metadata: { name: NAME },
      spec: {
        ...{ group: GROUP, version: 'v1', groupPriorityMinimum: 2000, versionPriority: 10 },
        ...{ service: { namespace: 'other', name: 'api', port: remote.port }, insecureSkipTLSVerify: true },
      },
    });
    expect(await reason('ServiceNotFound')).toMatchObject({ status: 'False' });
    const refused = await server.get(FLUNDERS);
    expect([refused.code, refused.text, refused.headers['content-type']]).toEqual([
      ...[503, 'service unavailable\n', 'text/plain; charset=utf-8'],
    ]);
    expect((await server.get('/api/v1/pods')).code).toBe(200);
    expect((await server.get('/apis/unknown.example.com/v1/x')).code).toBe(404);
    await server.create(SERVICES, {
      metadata: { name: 'api' },
      spec: { type: 'ExternalName', externalName: 'localhost' },
    });
    await reason('Passed');
    remote.answers.set(`/apis/${GROUP}/v1`, (_request, response) => void response.writeHead(500).end());
    await touch('a');
    const failed = await reason('FailedDiscoveryCheck');
    const url = `https://localhost:${remote.port}/apis/${GROUP}/v1`;
    expect(failed?.message).toBe(`failing or missing response from ${url}: bad status from ${url}: 500`);
  });

  it('is measured again soon after it failed, without a change', async () => {
    let failures = 3;
    remote.answers.set(`/apis/${GROUP}/v1`, (_request, response) => {
      if (--failures === 0) remote.answers.delete(`/apis/${GROUP}/v1`);
      response.writeHead(500).end();
    });
    await register();
    await reason('FailedDiscoveryCheck');
    await reason('Passed');
    expect(failures).toBe(0);
  });

  it('is in discovery in the order of its priority, and stale there once its server is dead', async () => {
    await register();
    await reason('Passed');
    const groups = (await server.get('/apis')).json?.['groups'] as { name: string }[];
    expect(groups.map(({ name }) => name).at(-1)).toBe(GROUP);
    expect((await server.get(`/apis/${GROUP}`)).json).toMatchObject({
      ...{ name: GROUP, preferredVersion: { groupVersion: `${GROUP}/v1`, version: 'v1' } },
    });
    expect((await server.get(`/apis/${GROUP}/v1`)).json).toMatchObject({ resources: [{ name: 'flunders' }, {}] });
    const version = async (path = '/apis') => {
      const { json } = await server.get(path, { accept: AGGREGATED });
      const items = json?.['items'] as { metadata: { name: string }; versions: JsonObject[] }[];
      return items.find(({ metadata }) => metadata.name === GROUP)?.versions[0];
    };
    const current = await until('discovery', async () => ((await version())?.['resources'] ? version() : undefined));
    expect(current).toMatchObject({
      version: 'v1',
      freshness: 'Current',
      resources: [{ resource: 'flunders', scope: 'Namespaced' }],
    });
    await remote.stop();
    await touch('b');
    const failed = await reason('FailedDiscoveryCheck');
    expect(failed?.message).toContain('connection refused');
    expect(await version()).toMatchObject({ freshness: 'Stale', resources: [{ resource: 'flunders' }] });
    const { position } = server.backend.current();
    expect(await version(`/at/position:${position}/apis`)).toEqual({ version: 'v1', freshness: 'Stale' });
    expect((await server.get(`/at/position:${position}${FLUNDERS}`)).code).toBe(400);
  });

  it('without the aggregated form of discovery is shown by its list of resources', async () => {
    remote.answers.set('/apis', (_request, response) => void response.writeHead(406).end());
    await register();
    const resources = await until('discovery', async () => {
      const { json } = await server.get('/apis', { accept: AGGREGATED });
      const items = json?.['items'] as { metadata: { name: string }; versions: JsonObject[] }[];
      return items.find(({ metadata }) => metadata.name === GROUP)?.versions[0]?.['resources'];
    });
    expect(resources).toEqual([
      {
        ...{
          resource: 'flunders',
          singularResource: 'flunder',
          scope: 'Namespaced',
          verbs: ['create', 'get', 'list', 'watch'],
        },
        responseKind: { group: '', version: '', kind: 'Flunder' },
        subresources: [
          { subresource: 'status', responseKind: { group: '', version: '', kind: 'Flunder' }, verbs: ['get'] },
        ],
      },
    ]);
  });

  it('is in the OpenAPI documents, under names that mean nothing else here', async () => {
    await register();
    await reason('Passed');
    const name = `apis/${GROUP}/v1`;
    const index = await until('the index', async () => {
      const { paths } = (await server.get('/openapi/v3')).json as { paths: Record<string, JsonObject> };
      return paths[name];
    });
    expect(index).toEqual({ serverRelativeURL: `/openapi/v3/${name}?hash=ABC` });
    expect((await server.get(`/openapi/v3/${name}?hash=ABC`)).json).toMatchObject({ info: { title: 'wardle' } });
    const v2 = await until('version 2', async () => {
      const { json } = await server.get('/openapi/v2');
      return (json as { paths: JsonObject }).paths[`/apis/${GROUP}/v1/flunders`] ? json : undefined;
    });
    const { paths, definitions } = v2 as unknown as { paths: JsonObject; definitions: Record<string, JsonObject> };
    expect(Object.keys(definitions).filter((one) => one.startsWith('com.example'))).toEqual(['com.example.Flunder']);
    expect(definitions['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta']?.['description']).not.toBe(
      'of another build',
    );
    expect(JSON.stringify(paths['/api/v1/pods'] ?? {})).not.toContain('listFlunder');
    const protobuf = await server.get('/openapi/v2', {
      accept: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
    });
    expect([protobuf.code, protobuf.text.includes('com.example.Flunder')]).toEqual([200, true]);
  });

  it('passes a watch on as it comes, silence included', async () => {
    await register();
    await reason('Passed');
    const lines: string[] = [];
    const begun = Promise.withResolvers<number>();
    const asked = request({ host: '127.0.0.1', port: server.port, path: `${FLUNDERS}?watch=true` }, (answer) => {
      begun.resolve(answer.statusCode ?? 0);
      answer.setEncoding('utf8').on('data', (line: string) => lines.push(line));
      answer.on('error', () => undefined);
    });
    asked.on('error', () => undefined);
    asked.end();
    expect(await begun.promise).toBe(200);
    const watch = remote.watches[0];
    watch?.write('{"type":"ADDED"}\n');
    await until('the first line', async () => (lines.length === 1 ? true : undefined));
    watch?.write('{"type":"MODIFIED"}\n');
    await until('the second line', async () => (lines.length === 2 ? true : undefined));
    const closed = new Promise((resolve) => watch?.once('close', resolve));
    asked.destroy();
    await closed;
  });

  it('is read no faster than the client reads', async () => {
    await register();
    await reason('Passed');
    let written = 0;
    const stuck = Promise.withResolvers<undefined>();
    remote.answers.set(FLUNDERS, (_request, response) => {
      const part = Buffer.alloc(1 << 20);
      const write = (): void => {
        while (written < 512 && response.write(part)) written++;
        if (written < 512) setTimeout(() => stuck.resolve(undefined), 500);
        response.once('drain', () => {
          written++;
          write();
        });
      };
      write();
    });
    const asked = request({ host: '127.0.0.1', port: server.port, path: FLUNDERS }, (answer) => void answer.pause());
    asked.on('error', () => undefined);
    asked.end();
    await stuck.promise;
    expect(written).toBeLessThan(64);
    asked.destroy();
  });

  it('goes on in another protocol with both sides', async () => {
    await register();
    await reason('Passed');
    const path = `${FLUNDERS}/a/connect`;
    for (const protocol of ['websocket', 'SPDY/3.1']) {
      const socket = await new Promise<Duplex>((resolve, reject) => {
        const headers = { connection: 'Upgrade', upgrade: protocol, 'x-remote-user': 'root' };
        const asked = request({ host: '127.0.0.1', port: server.port, path, headers });
        asked.once('upgrade', (_answer, opened) => resolve(opened));
        asked.once('response', ({ statusCode }) => reject(new Error(`answered ${statusCode}`)));
        asked.once('error', reject);
        asked.end();
      });
      const heard = new Promise<string>((resolve) => socket.once('data', (data: Buffer) => resolve(data.toString())));
      socket.write('hello');
      expect(await heard).toBe('hello');
      expect(remote.forwarded.at(-1)).toMatchObject({
        url: path,
        headers: { upgrade: protocol, 'x-remote-user': 'system:anonymous' },
      });
      socket.destroy();
    }
  });

  it('delays nobody else while it does not answer, and takes no more requests than it may have', async () => {
    await register();
    await reason('Passed');
    const waiting: (() => void)[] = [];
    remote.answers.set(FLUNDERS, (_request, response) => void waiting.push(() => response.end('{}')));
    const hanging = Array.from({ length: 20 }, () => server.get(FLUNDERS, { 'impersonate-user': `u${Math.random()}` }));
    await until('all of them', async () => (waiting.length === 20 ? true : undefined));
    expect((await server.get('/api/v1/pods')).code).toBe(200);
    const more = await server.get(FLUNDERS, { 'impersonate-user': 'one-more' });
    expect([more.code, more.headers['retry-after'], more.json?.['message']]).toEqual([
      ...[429, '1', `Too many requests, please try again later: 20 requests of the APIService ${NAME} are under way`],
    ]);
    for (const answer of waiting) answer();
    expect(new Set((await Promise.all(hanging)).map(({ code }) => code))).toEqual(new Set([200]));
    remote.answers.delete(FLUNDERS);
    expect((await server.get(FLUNDERS)).code).toBe(200);
  });

  it('is verified by its caBundle', async () => {
    await register({ caBundle: base64(server.keys.frontProxyCa) });
    await reason('Passed');
    const reply = await server.get(FLUNDERS);
    expect([reply.code, reply.text]).toEqual([
      503,
      expect.stringMatching(/^error trying to reach service: .*certificate/),
    ]);
    await server.ask({
      ...{ method: 'PATCH', path: `${APISERVICES}/${NAME}`, type: 'application/merge-patch+json' },
      body: { spec: { caBundle: null, insecureSkipTLSVerify: true } },
    });
    await until('it is reached', async () => ((await server.get(FLUNDERS)).code === 200 ? true : undefined));
  });

  it('may neither redirect nor be led out of its group version', async () => {
    await register();
    await reason('Passed');
    remote.answers.set(
      FLUNDERS,
      (_request, response) => void response.writeHead(302, { location: 'https://x/' }).end(),
    );
    const redirected = await server.get(FLUNDERS);
    expect([redirected.code, redirected.text]).toEqual([
      ...[502, 'the backend attempted to redirect this request, which is not permitted'],
    ]);
    const before = remote.forwarded.length;
    expect((await server.get(`/apis/${GROUP}/v1/flunders/%2e%2e/%2e%2e/secrets`)).code).toBe(404);
    expect(remote.forwarded.length).toBe(before);
  });

  it('never takes the place of a group version that this server has', async () => {
    await server.create(SERVICES, {
      metadata: { name: 'api' },
      spec: { type: 'ExternalName', externalName: 'localhost' },
    });
    await server.create(APISERVICES, {
      metadata: { name: 'v1.apps' },
      spec: {
        ...{ group: 'apps', version: 'v1', groupPriorityMinimum: 2000, versionPriority: 10 },
        ...{ service: { namespace: 'other', name: 'api', port: remote.port }, insecureSkipTLSVerify: true },
      },
    });
    expect((await server.get('/apis/apps/v1/deployments')).json).toMatchObject({ kind: 'DeploymentList' });
    expect(remote.received.filter(({ url }) => url.includes('deployments'))).toEqual([]);
  });

  it.each<[string, string]>([
    ['endless', `{"items":[${'1,'.repeat(2 << 20)}`],
    ['deep', '['.repeat(200_000)],
    ['no JSON', 'x'],
    [
      'of another form',
      JSON.stringify({
        items: [{ metadata: { name: GROUP }, versions: [{ version: 'v1', resources: [1, {}, { resource: 7 }] }] }],
      }),
    ],
  ])('may publish documents that are %s', async (_what, text) => {
    const aggregated = { 'content-type': AGGREGATED };
    remote.answers.set('/apis', (_request, response) => void response.writeHead(200, aggregated).end(text));
    for (const path of ['/openapi/v2', '/openapi/v3'])
      remote.answers.set(path, (_request, response) => void response.writeHead(200).end(text));
    await register();
    await reason('Passed');
    await until('it was asked', async () =>
      remote.received.some(({ url }) => url === '/openapi/v2') ? true : undefined,
    );
    expect((await server.get(FLUNDERS)).code).toBe(200);
    for (const path of ['/apis', '/openapi/v2', '/openapi/v3']) {
      const reply = await server.get(path, { accept: path === '/apis' ? AGGREGATED : 'application/json' });
      expect([path, reply.code]).toEqual([path, 200]);
      expect(reply.text.length).toBeLessThan(4 << 20);
    }
  });
});
