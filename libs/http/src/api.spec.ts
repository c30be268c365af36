import { VirtualClock } from '#adapters';
import { accessPolicy } from '#kinds';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#std';
import { eventsOf, TestServer } from './testing/test-server.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
const map = (name: string, more: JsonObject = {}): JsonObject => ({ metadata: { name, ...more }, data: { k: name } });
interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}
const version = (object: JsonObject): string => (object['metadata'] as { resourceVersion: string }).resourceVersion;
const names = (list: JsonObject | undefined): string[] =>
  ((list?.['items'] ?? []) as { metadata: { name: string } }[]).map((item) => item.metadata.name);

describe('the API over a cluster in memory', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  it('creates, gives back and lists objects; items of a list carry no type of their own', async () => {
    const made = await server.create(MAPS, map('first'));
    const got = await server.get(`${MAPS}/first`);
    expect(got.json).toEqual(made);
    expect(got.json).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
    const list = (await server.get(MAPS)).json;
    expect(list).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
    expect((list?.['items'] as JsonObject[])[0]).not.toHaveProperty('kind');
    expect(Number((list?.['metadata'] as JsonObject)['resourceVersion'])).toBeGreaterThanOrEqual(Number(version(made)));
  });

  it('reads YAML and protobuf bodies are told from text', async () => {
    const yaml = 'metadata:\n  name: from-yaml\ndata:\n  a: "1"\n';
    expect((await server.ask({ method: 'POST', path: MAPS, body: yaml, type: 'application/yaml' })).code).toBe(201);
    const text = await server.ask({ method: 'POST', path: MAPS, body: 'x', type: 'text/plain' });
    expect(text.json).toMatchObject({ code: 415, reason: 'UnsupportedMediaType' });
    const broken = await server.ask({
      method: 'POST',
      path: MAPS,
      body: 'x',
      type: 'application/vnd.kubernetes.protobuf',
    });
    expect(broken.json).toMatchObject({ code: 400, reason: 'BadRequest' });
  });

  it('refuses bodies of more than 3 MiB and changes nothing', async () => {
    const body = JSON.stringify({ ...map('big'), data: { x: 'x'.repeat(4 * 1024 * 1024) } });
    expect((await server.ask({ method: 'POST', path: MAPS, body })).json).toMatchObject({
      code: 413,
      reason: 'RequestEntityTooLarge',
    });
    expect((await server.get(`${MAPS}/big`)).code).toBe(404);
  });

  it('pages through one state, whatever happens meanwhile', async () => {
    const path = '/api/v1/namespaces/other/secrets';
    for (const name of ['a', 'b', 'c', 'd', 'e']) await server.create(path, { metadata: { name } });
    const first = (await server.get(`${path}?limit=2`)).json as JsonObject;
    const {
      continue: token,
      remainingItemCount,
      resourceVersion,
    } = first['metadata'] as { continue: string; remainingItemCount: number; resourceVersion: string };
    expect([names(first), remainingItemCount]).toEqual([['a', 'b'], 3]);
    await server.ask({ method: 'DELETE', path: `${path}/c` });
    await server.create(path, { metadata: { name: 'bb' } });
    const second = (await server.get(`${path}?limit=2&continue=${token}`)).json as JsonObject;
    expect(names(second)).toEqual(['c', 'd']);
    expect(version(second)).toBe(resourceVersion);
    const last = (await server.get(`${path}?continue=${(second['metadata'] as { continue: string }).continue}`))
      .json as JsonObject;
    expect([names(last), (last['metadata'] as JsonObject)['continue']]).toEqual([['e'], undefined]);
    expect(names((await server.get(path)).json)).toEqual(['a', 'b', 'bb', 'd', 'e']);
  });

  it('answers tables and partial metadata', async () => {
    const table = await server.get(`${MAPS}/first`, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    });
    expect(table.headers['content-type']).toBe('application/json');
    expect(table.json).toMatchObject({
      kind: 'Table',
      rows: [{ cells: ['first', 1, expect.any(String)], object: { kind: 'PartialObjectMetadata' } }],
    });
    const partial = await server.get(MAPS, {
      accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
    });
    expect(partial.json).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' });
    expect(partial.headers['content-type']).toBe('application/json');
    expect((await server.get(MAPS, { accept: 'application/xml' })).code).toBe(406);
  });

  it('watches: what enters a selection is added, what leaves it deleted, what is deleted carries its last state', async () => {
    const path = '/api/v1/namespaces/other/configmaps';
    const start = version((await server.get(path)).json as JsonObject);
    await server.create(path, map('w', { labels: { in: 'yes' } }));
    const patch = (labels: JsonObject): Promise<unknown> =>
      server.ask({
        method: 'PATCH',
        path: `${path}/w`,
        type: 'application/merge-patch+json',
        body: { metadata: { labels } },
      });
    await patch({ n: '1' });
    await patch({ in: 'no' });
    await patch({ in: 'yes' });
    await server.ask({ method: 'DELETE', path: `${path}/w` });
    const events = eventsOf(
      await server.ask({ path: `${path}?watch=true&resourceVersion=${start}&labelSelector=in%3Dyes`, lines: 5 }),
    );
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED', 'ADDED', 'DELETED']);
    expect(events[4]?.object).toMatchObject({ metadata: { name: 'w', labels: { in: 'yes' } }, data: { k: 'w' } });
    const versions = events.map(({ object }) => Number(version(object)));
    expect([...versions].sort((a, b) => a - b)).toEqual(versions);
  });

  it('sends headers of a watch at once, live changes as they come, and ends in time', async () => {
    const path = `${MAPS}?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Dlive&resourceVersion=${version((await server.get(MAPS)).json as JsonObject)}`;
    const watching = server.ask({ path });
    await server.create(MAPS, map('live'));
    const reply = await watching;
    expect(eventsOf(reply).map(({ type }) => type)).toEqual(['ADDED']);
    expect(reply.headers['transfer-encoding']).toBe('chunked');
  });

  it('counts ages in the rows of a watch from the moment of each event', async () => {
    const path = '/api/v1/namespaces/other/endpoints';
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const watching = server.ask({ path: `${path}?watch=true&timeoutSeconds=4`, headers: { accept } });
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    await server.create(path, { metadata: { name: 'late' } });
    const reply = await watching;
    expect(reply.headers['content-type']).toBe('application/json');
    const [event] = eventsOf(reply);
    expect((event?.object as unknown as { rows: { cells: unknown[] }[] }).rows[0]?.cells).toEqual([
      'late',
      '<none>',
      '0s',
    ]);
  });

  it('begins a watch with the state and a bookmark when asked to', async () => {
    const query =
      'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dfirst';
    const events = eventsOf(await server.ask({ path: `${MAPS}?${query}`, lines: 2 }));
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK']);
    expect(events[1]?.object).toMatchObject({ metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } });
  });

  it('says where a watch or a list cannot start', async () => {
    expect((await server.get(`${MAPS}?resourceVersion=x`)).json).toMatchObject({ code: 400 });
    expect((await server.get(`${MAPS}?watch=true&resourceVersion=x`)).json).toMatchObject({ code: 500 });
    expect((await server.get(`${MAPS}?continue=bm90LWl0`)).json).toMatchObject({ code: 400, reason: 'BadRequest' });
  });

  it('does on a dry run as if, and stores nothing', async () => {
    const reply = await server.ask({ method: 'POST', path: `${MAPS}?dryRun=All`, body: map('dry') });
    expect(reply.code).toBe(201);
    expect(reply.json?.['metadata']).not.toHaveProperty('resourceVersion');
    expect((await server.get(`${MAPS}/dry`)).code).toBe(404);
  });

  it('deletes a collection by its labels', async () => {
    const path = '/api/v1/namespaces/other/serviceaccounts';
    for (const [name, set] of [
      ['x', 'a'],
      ['y', 'b'],
      ['z', 'a'],
    ] as const)
      await server.create(path, { metadata: { name, labels: { set } } });
    const reply = await server.ask({ method: 'DELETE', path: `${path}?labelSelector=set%3Da` });
    expect(names(reply.json)).toEqual(['x', 'z']);
    expect(names((await server.get(path)).json)).toEqual(['y']);
  });

  it('lists by labels and by fields what there is now, however often it was asked before', async () => {
    const path = '/api/v1/namespaces/chosen/serviceaccounts';
    await server.create('/api/v1/namespaces', { metadata: { name: 'chosen' } });
    const find = async (query: string): Promise<readonly string[]> =>
      names((await server.get(`${path}?${query}`)).json);
    for (const name of ['x', 'y']) await server.create(path, { metadata: { name, labels: { set: 'a' } } });
    expect(await find('labelSelector=set%3Da')).toEqual(['x', 'y']);
    expect(await find('labelSelector=set%3Da')).toEqual(['x', 'y']);
    expect(await find('fieldSelector=metadata.name%3Dx')).toEqual(['x']);
    expect(await find('labelSelector=set%3Da&fieldSelector=metadata.name%3Dy')).toEqual(['y']);
    await server.ask({
      method: 'PATCH',
      path: `${path}/x`,
      type: 'application/merge-patch+json',
      body: { metadata: { labels: { set: 'b' } } },
    });
    expect(await find('labelSelector=set%3Da')).toEqual(['y']);
    expect(await find('labelSelector=set%3Db')).toEqual(['x']);
  });

  it('reads the past byte for byte, and does not change it', async () => {
    const made = await server.create(MAPS, map('then'));
    const before = await server.get(`${MAPS}/then`);
    const list = await server.get(MAPS);
    await server.ask({
      method: 'PATCH',
      path: `${MAPS}/then`,
      type: 'application/merge-patch+json',
      body: { data: { k: 'now' } },
    });
    const at = `/at/position:${version(made)}`;
    expect((await server.get(`${at}${MAPS}/then`)).text).toBe(before.text);
    expect((await server.get(`/at/position:${version(list.json as JsonObject)}${MAPS}`)).text).toBe(list.text);
    expect((await server.ask({ method: 'DELETE', path: `${at}${MAPS}/then` })).json).toMatchObject({
      code: 405,
      reason: 'MethodNotAllowed',
    });
    expect((await server.get(`/at/1000h${MAPS}`)).json).toMatchObject({ code: 400 });
    expect((await server.get(`/at/position:999999${MAPS}`)).json).toMatchObject({ code: 400 });
    expect((await server.get(`/at/2222-01-01T00:00:00Z${MAPS}`)).json).toMatchObject({ code: 400 });
    const events = eventsOf(
      await server.ask({ path: `${at}${MAPS}?watch=true&fieldSelector=metadata.name%3Dthen`, lines: 2 }),
    );
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK']);
    expect(events[0]?.object).toEqual(made);
  });

  it('says what it serves, and 304 to who knows', async () => {
    const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const all = await server.get('/apis', { accept: aggregated });
    expect(all.headers['content-type']).toBe(aggregated);
    expect(all.json).toMatchObject({ kind: 'APIGroupDiscoveryList' });
    const again = await server.get('/apis', { accept: aggregated, 'if-none-match': String(all.headers['etag']) });
    expect([again.code, again.headers['content-length']]).toEqual([304, undefined]);
    const index = (await server.get('/openapi/v3')).json as { paths: Record<string, { serverRelativeURL: string }> };
    const document = await server.get(index.paths['apis/apps/v1']?.serverRelativeURL ?? '');
    const path = (document.json as { paths: Record<string, JsonObject> }).paths[
      '/apis/apps/v1/namespaces/{namespace}/deployments/{name}'
    ];
    expect(path?.['patch']).toMatchObject({
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': { group: 'apps', version: 'v1', kind: 'Deployment' },
    });
    expect((await server.get('/openapi/v3/apis/apps/v1?hash=0')).code).toBe(301);
    expect((await server.get('/openapi/v2')).json).toMatchObject({ swagger: '2.0' });
  });

  it('indents the root and its version without being asked, and ends them without a line feed', async () => {
    for (const path of ['/version', '/']) {
      const { text, json, headers } = await server.get(path, { accept: 'application/json' });
      expect(text).toBe(JSON.stringify(json, null, 2));
      expect(headers['content-type']).toBe('application/json');
    }
    expect((await server.get('/api')).text).toMatch(/^\{"[^\n]*\}\n$/);
  });

  it.each([
    ['/openapi/v2', 'definitions', { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta' }],
    [
      '/openapi/v3/apis/apps/v1',
      'components.schemas',
      { allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta' }] },
    ],
  ])('describes lists and watches in %s', async (path, place, metadata) => {
    const document = (await server.get(path)).json;
    const schemas = place.split('.').reduce((at, key) => at?.[key] as JsonObject, document) as Record<string, Schema>;
    const lists = Object.entries(schemas).filter(([name]) => /\.[A-Za-z]+List$/.test(name) && !/meta/.test(name));
    expect(lists.length).toBeGreaterThanOrEqual(2);
    const about = [...lists, ...Object.entries(schemas).filter(([name]) => /\.(ListMeta|WatchEvent)$/.test(name))];
    expect(about.length).toBe(lists.length + 2);
    for (const [name, { properties }] of about)
      for (const [key, property] of Object.entries(properties ?? {}))
        expect([name, key, property.description]).toEqual([name, key, expect.stringMatching(/^[A-Z`].+\.$/)]);
    expect(schemas['io.k8s.api.apps.v1.DeploymentList']?.properties?.['metadata']).toMatchObject(metadata);
    expect(schemas['io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent']).toMatchObject({
      required: ['type', 'object'],
      'x-kubernetes-group-version-kind': expect.arrayContaining([{ group: 'apps', kind: 'WatchEvent', version: 'v1' }]),
    });
  });

  it('gives logs only where there is a node', async () => {
    const pods = '/api/v1/namespaces/default/pods';
    await server.create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    await server.create(pods, {
      metadata: { name: 'free' },
      spec: {
        containers: [
          { name: 'a', image: 'i' },
          { name: 'b', image: 'i' },
        ],
      },
    });
    expect((await server.get(`${pods}/free/log`)).json).toMatchObject({
      message: 'a container name must be specified for pod free, choose one of: [a b]',
    });
    expect((await server.get(`${pods}/free/log?container=a`)).code).toBe(204);
    expect((await server.get(`${pods}/free/log?container=a&tailLines=-1`)).json).toMatchObject({ code: 422 });
    expect((await server.get(`/at/0s${pods}/free/log?container=a`)).json).toMatchObject({ code: 400 });
  });
});

describe('who may do what', () => {
  let server: TestServer;
  beforeAll(async () => {
    let isOpen = true;
    server = await TestServer.start({
      authorizer: {
        ...accessPolicy,
        authorize: (user, asked, view) =>
          isOpen ? { allowed: true, reason: '' } : accessPolicy.authorize(user, asked, view),
      },
    });
    await server.makeRoles();
    await server.create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'robot' } });
    isOpen = false;
  });
  afterAll(() => server.stop());

  it('lets everybody ask whether it lives, and nothing more', async () => {
    expect((await server.get('/readyz')).text).toBe('ok');
    expect((await server.get('/version')).code).toBe(200);
    expect((await server.get('/api')).json).toMatchObject({
      code: 403,
      message: 'forbidden: User "system:anonymous" cannot get path "/api"',
    });
    expect((await server.get(`${MAPS}/x`)).json).toMatchObject({
      code: 403,
      message:
        'configmaps "x" is forbidden: User "system:anonymous" cannot get resource "configmaps" in API group "" in the namespace "default"',
      details: { name: 'x', kind: 'configmaps' },
    });
  });

  it('answers 401 to a bad token everywhere, and nobody to another scheme', async () => {
    expect((await server.get('/version', { authorization: 'Bearer x' })).json).toMatchObject({
      code: 401,
      reason: 'Unauthorized',
    });
    expect((await server.get('/version', { authorization: 'Basic eDp5' })).code).toBe(200);
  });

  it('knows a service account by its token while the account lives', async () => {
    const view = server.backend.current();
    const account = view.get({ id: 'core.serviceaccounts' }, 'default', 'robot');
    const claims = (uid: string): Record<string, unknown> => ({
      iss: 'https://kubernetes.default.svc.cluster.local',
      aud: ['https://kubernetes.default.svc.cluster.local'],
      exp: Math.floor(Date.now() / 1000) + 600,
      'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'robot', uid } },
    });
    const token = await server.keys.signToken(claims(account?.metadata.uid ?? ''));
    const bearer = { authorization: `Bearer ${token}` };
    expect((await server.get('/apis', bearer)).code).toBe(200);
    expect((await server.get(MAPS, bearer)).json).toMatchObject({
      message:
        'configmaps is forbidden: User "system:serviceaccount:default:robot" cannot list resource "configmaps" in API group "" in the namespace "default"',
    });
    const other = await server.keys.signToken(claims('another'));
    expect((await server.get('/apis', { authorization: `Bearer ${other}` })).code).toBe(401);
  });
});

describe('pages whose state was left behind', () => {
  let server: TestServer;
  afterEach(() => server.stop());
  const path = '/api/v1/namespaces/default/secrets';
  const tokenOf = (list: JsonObject | undefined): string =>
    ((list?.['metadata'] ?? {}) as { continue?: string }).continue ?? '';

  it.each(['changes', 'stands still'])(
    'end after five minutes while the cluster %s; the rest is as it is now',
    async (how) => {
      const clock = new VirtualClock(Date.parse('2026-01-01T00:00:00Z'));
      server = await TestServer.start({}, clock);
      for (const name of ['a', 'b', 'c', 'd', 'e']) await server.create(path, { metadata: { name } });
      const first = (await server.get(`${path}?limit=1`)).json;
      if (how === 'changes') await server.create(path, { metadata: { name: 'cc' } });
      clock.advance(299_000);
      // The second page is of the same state, so it does not make it live longer.
      const second = (await server.get(`${path}?limit=1&continue=${tokenOf(first)}`)).json;
      expect(names(second)).toEqual(['b']);
      clock.advance(2_000);
      const expired = await server.get(`${path}?limit=1&continue=${tokenOf(second)}`);
      expect(expired.json).toMatchObject({ code: 410, reason: 'Expired' });
      const third = (await server.get(`${path}?limit=1&continue=${tokenOf(expired.json)}`)).json;
      expect(names(third)).toEqual(['c']);
      expect(version(third ?? {})).toBe(String(server.backend.current().position));
      const last = (await server.get(`${path}?continue=${tokenOf(third)}`)).json;
      expect(names(last)).toEqual(how === 'changes' ? ['cc', 'd', 'e'] : ['d', 'e']);
      await server.stop();
    },
  );
});
