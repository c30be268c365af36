import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#std';
import {
  askedOf,
  at,
  converted,
  Converting,
  DEFINITION,
  server1,
  server2,
  startHook,
  until,
  versions,
  type Hook,
} from './testing/conversion-hook.js';
import type { Reply, TestServer } from './testing/test-server.js';

let server: TestServer;
let hook: Hook;
beforeAll(async () => void (hook = await startHook()));
afterAll(() => hook.stop());
beforeEach(async () => ({ server } = await Converting.start(hook)));
afterEach(() => server.stop());

const patch = (path: string, body: unknown, type = 'application/merge-patch+json'): Promise<Reply> =>
  server.ask({ method: 'PATCH', path, type, body });
const specsOf = ({ json }: Reply): unknown => (json?.['items'] as JsonObject[]).map(({ spec }) => spec);
/** Changes which version is stored, of what is written from now on. */
async function store(storage: 'v1' | 'v2'): Promise<void> {
  expect((await patch(DEFINITION, { spec: { versions: versions(storage) } })).code).toBe(200);
}

describe('a custom kind with a conversion webhook', () => {
  it('stores what is written in another version as the webhook converts it, and answers it in the version written', async () => {
    const made = await server.create(at('v1'), server1('a', 'local:80'));
    expect(made).toMatchObject({ apiVersion: 'example.com/v1', spec: { address: 'local:80', zone: 'a' } });
    expect(askedOf(hook)).toEqual(['1 to example.com/v2', '1 to example.com/v1']);
    const stored = await server.get(`${at('v2')}/a`);
    // Defaults of the stored version are for what is stored in it; the webhook is not asked about what is stored.
    expect(stored.json).toMatchObject({
      apiVersion: 'example.com/v2',
      spec: { host: 'local', port: '80', tier: 'x', zone: 'a' },
    });
    expect(askedOf(hook)).toEqual([]);
    expect((await server.get(`${at('v1')}/a`)).json?.['spec']).toEqual({ address: 'local:80', zone: 'a' });
    expect(stored.json?.['metadata']).toMatchObject({
      generation: 1,
      managedFields: [{ apiVersion: 'example.com/v1' }],
    });
  });

  it('sends what is stored with the fields and defaults of its version, and takes none that the other one lacks', async () => {
    await server.create(at('v2'), server2('a', 'local', '80'));
    hook.say = (review) => converted(review, (one) => ({ ...one, spec: { ...(one['spec'] as JsonObject), odd: '1' } }));
    const { json } = await server.get(`${at('v1')}/a`);
    expect(json?.['spec']).toEqual({ address: 'local:80' });
    const [review] = hook.seen;
    expect(review).toMatchObject({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview' });
    expect(review?.request.objects[0]).toMatchObject({
      kind: 'Server',
      spec: { host: 'local', port: '80', tier: 'x' },
    });
  });

  it('is listed with one question about all objects of other versions, and none about the others', async () => {
    for (const name of ['a', 'b', 'c']) await server.create(at('v2'), server2(name, name, '80'));
    await store('v1');
    await server.create(at('v1'), server1('d', 'd:80'));
    askedOf(hook);
    expect(specsOf(await server.get(at('v1')))).toEqual([
      { address: 'a:80' },
      { address: 'b:80' },
      { address: 'c:80' },
      { address: 'd:80', zone: 'a' },
    ]);
    expect(askedOf(hook)).toEqual(['3 to example.com/v1']);
    const table = await server.get(at('v1'), { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' });
    expect((table.json?.['rows'] as JsonObject[]).map(({ cells }) => cells)).toEqual(
      ['a', 'b', 'c', 'd'].map((name) => [name, `${name}:80`]),
    );
    const selected = await server.get(`${at('v1')}?fieldSelector=spec.address%3Dc:80`);
    expect(specsOf(selected)).toEqual([{ address: 'c:80' }]);
    const page = await server.get(`${at('v2')}?limit=2`);
    expect(page.json).toMatchObject({ metadata: { remainingItemCount: 2 }, items: [{ spec: { host: 'a' } }, {}] });
    const rest = await server.get(
      `${at('v2')}?continue=${String((page.json?.['metadata'] as JsonObject)['continue'])}`,
    );
    expect(specsOf(rest)).toMatchObject([{ host: 'c' }, { host: 'd', port: '80' }]);
  });

  it('is updated, patched and scaled in each version', async () => {
    const made = await server.create(at('v2'), server2('a', 'local', '80'));
    const path = `${at('v1')}/a`;
    const current = (await server.get(path)).json as JsonObject;
    const put = await server.ask({ method: 'PUT', path, body: { ...current, spec: { address: 'put:1' } } });
    expect(put.json).toMatchObject({
      apiVersion: 'example.com/v1',
      metadata: { generation: 2 },
      spec: { address: 'put:1' },
    });
    expect((await server.get(`${at('v2')}/a`)).json).toMatchObject({
      ...{ apiVersion: 'example.com/v2', spec: { host: 'put', port: '1' } },
      metadata: { uid: (made['metadata'] as JsonObject)['uid'], generation: 2 },
    });
    const replace = [
      { op: 'test', path: '/spec/address', value: 'put:1' },
      { op: 'replace', path: '/spec/address', value: 'json:2' },
    ];
    expect((await patch(path, replace, 'application/json-patch+json')).json).toMatchObject({
      spec: { address: 'json:2' },
    });
    expect((await patch(path, { spec: { address: 'merge:3' } })).json).toMatchObject({ metadata: { generation: 4 } });
    expect((await patch(`${path}/status`, { status: { up: true } })).json).toMatchObject({
      metadata: { generation: 4 },
    });
    expect((await patch(`${path}/scale`, { spec: { replicas: 5 } })).json).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 5 },
    });
    expect((await server.get(`${path}/scale`)).json).toMatchObject({ kind: 'Scale', spec: { replicas: 5 } });
    expect((await server.get(`${at('v2')}/a`)).json).toMatchObject({
      ...{ spec: { host: 'merge', port: '3', count: 5 }, status: { up: true } },
    });
    // Nothing is written when nothing changes.
    const before = (await server.get(path)).json as JsonObject;
    expect((await server.ask({ method: 'PUT', path, body: before })).json?.['metadata']).toEqual(before['metadata']);
  });

  it('tells conflicts of appliers in several versions apart, each by the fields of its own', async () => {
    const apply = (version: string, spec: object, manager: string, force = ''): Promise<Reply> =>
      patch(
        `${at(version)}/a?fieldManager=${manager}${force}`,
        { apiVersion: `example.com/${version}`, kind: 'Server', metadata: { name: 'a' }, spec },
        'application/apply-patch+yaml',
      );
    expect((await apply('v1', { address: 'one:1' }, 'one')).code).toBe(201);
    expect((await apply('v2', { zone: 'b' }, 'two', '&force=true')).json).toMatchObject({
      ...{ apiVersion: 'example.com/v2', spec: { host: 'one', port: '1', zone: 'b' } },
    });
    const managers = ((await server.get(`${at('v1')}/a`)).json?.['metadata'] as JsonObject)['managedFields'];
    expect(managers).toMatchObject([
      { manager: 'one', apiVersion: 'example.com/v1', operation: 'Apply' },
      { manager: 'two', apiVersion: 'example.com/v2', operation: 'Apply' },
    ]);
    const conflict = await apply('v1', { address: 'one:1', zone: 'c' }, 'one');
    expect([conflict.code, conflict.json?.['message']]).toEqual([
      409,
      'Apply failed with 1 conflict: conflict with "two": .spec.zone',
    ]);
    const forced = await apply('v1', { address: 'one:2', zone: 'c' }, 'one', '&force=true');
    expect(forced.json?.['spec']).toEqual({ address: 'one:2', zone: 'c' });
    expect((await server.get(`${at('v2')}/a`)).json?.['spec']).toMatchObject({ host: 'one', port: '2', zone: 'c' });
  });

  it('is watched in each version, in order', async () => {
    await server.create(at('v2'), server2('a', 'local', '1'));
    const watching = server.ask({ path: `${at('v1')}?watch=1&resourceVersion=0`, lines: 5 });
    const selected = server.ask({
      path: `${at('v1')}?watch=1&resourceVersion=0&fieldSelector=spec.address%3Dlocal:1`,
      lines: 2,
    });
    await until(async () => hook.seen.length > 0);
    for (const port of ['2', '3', '4']) await patch(`${at('v2')}/a`, { spec: { port } });
    expect((await server.ask({ method: 'DELETE', path: `${at('v1')}/a` })).json).toMatchObject({ status: 'Success' });
    const events = (reply: Reply): unknown =>
      reply.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string; object: { apiVersion: string; spec: object } })
        .map(({ type, object: { apiVersion, spec } }) => [type, apiVersion, spec]);
    const seen = (type: string, port: number): unknown => [type, 'example.com/v1', { address: `local:${port}` }];
    expect(events(await watching)).toEqual([
      seen('ADDED', 1),
      ...[2, 3, 4].map((port) => seen('MODIFIED', port)),
      seen('DELETED', 4),
    ]);
    expect(events(await selected)).toEqual([seen('ADDED', 1), seen('DELETED', 1)]);
  });

  it('is read as it was at a past moment', async () => {
    const { metadata } = await server.create(at('v2'), server2('a', 'local', '1'));
    await patch(`${at('v2')}/a`, { spec: { port: '2' } });
    const then = `/at/position:${String((metadata as JsonObject)['resourceVersion'])}`;
    expect((await server.get(`${then}${at('v1')}/a`)).json).toMatchObject({ spec: { address: 'local:1' } });
    expect(specsOf(await server.get(`${then}${at('v1')}`))).toMatchObject([{ address: 'local:1' }]);
    expect((await server.get(`${then}${at('v1')}/a/scale`)).json).toMatchObject({ kind: 'Scale' });
    const watched = await server.ask({ path: `${then}${at('v1')}?watch=1`, lines: 1 });
    expect(JSON.parse(watched.text)).toMatchObject({ type: 'ADDED', object: { spec: { address: 'local:1' } } });
  });

  it('asks webhooks of admission in the version that their rules name', async () => {
    const conditions = [{ name: 'local', expression: "object.spec.address == 'local:80'" }];
    await server.create('/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies', {
      ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p' } },
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: ['example.com'], apiVersions: ['v1'], operations: ['*'], resources: ['servers'] },
          ],
        },
        matchConditions: conditions,
        validations: [{ expression: 'false', message: 'not here' }],
      },
    });
    await server.create('/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings', {
      ...{
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata: { name: 'p' },
      },
      spec: { policyName: 'p', validationActions: ['Deny'] },
    });
    const refused = await server.ask({ method: 'POST', path: at('v2'), body: server2('a', 'local', '80') });
    expect([refused.code, String(refused.json?.['message'])]).toEqual([422, expect.stringContaining('not here')]);
    expect(askedOf(hook)).toEqual(['1 to example.com/v1']);
    expect((await server.ask({ method: 'POST', path: at('v2'), body: server2('a', 'far', '80') })).code).toBe(201);
  });
});
