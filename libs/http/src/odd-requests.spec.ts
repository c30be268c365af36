import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JSON_DEPTH_MAX } from '#std';
import { TestServer } from './testing/test-server.js';
import { yamlText } from './yaml-text.js';

const MAPS = '/api/v1/namespaces/default/configmaps';

/** What no client should send is answered like any other mistake, never with 200 or 500. */
describe('odd requests', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  it.each(['constructor', '__proto__', 'toString'])('a patch of the type %s is of no type', async (type) => {
    expect((await server.ask({ method: 'PATCH', path: `${MAPS}/x`, body: {}, type })).json).toMatchObject({
      code: 415,
      reason: 'UnsupportedMediaType',
    });
  });

  it('a duration has the units of Go, and its range', async () => {
    expect((await server.get(`${MAPS}?timeout=1constructor`)).json).toMatchObject({
      code: 400,
      message: expect.stringContaining('unknown unit "constructor"'),
    });
    for (const moment of ['5constructor', '9999999999h', '-1s']) {
      expect((await server.get(`/at/${moment}${MAPS}`)).json).toMatchObject({
        code: 400,
        message: expect.stringContaining('is not understood'),
      });
    }
  });

  it('impersonation without a user is a bad request', async () => {
    expect((await server.get(MAPS, { 'impersonate-group': 'g' })).json).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message: 'requested [{Group  g    }] without impersonating a user',
    });
  });

  it.each([
    ['JSON', 'application/json', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    [
      'an object',
      'application/json',
      `{"metadata":{"name":"deep"},"data":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`,
    ],
    ['YAML', 'application/yaml', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
  ])('%s that is nested too deeply is a bad request', async (_what, type, body) => {
    expect((await server.ask({ method: 'POST', path: MAPS, body, type })).json).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message: expect.stringContaining('exceeded max depth'),
    });
    const path = `${MAPS}/x?fieldManager=me`;
    const patch = { method: 'PATCH', path, body, type: 'application/apply-patch+yaml' };
    expect((await server.ask(patch)).code).toBe(400);
  });

  it('refuses an event of events.k8s.io/v1 whose metadata is empty', async () => {
    const path = '/apis/events.k8s.io/v1/namespaces/default/events';
    const event = { reportingController: 'a.b/c', reportingInstance: 'i', action: 'a', reason: 'r', type: 'Normal' };
    for (const metadata of [{}, undefined, { name: '' }]) {
      const reply = await server.ask({ method: 'POST', path, body: { metadata, ...event } });
      expect([reply.code, reply.json?.['reason']]).toEqual([422, 'Invalid']);
      expect(reply.json?.['message']).toContain('metadata.name: Required value: name or generateName is required');
    }
  });

  it('applies a pod with an image pull secret without a name', async () => {
    await server.create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    const path = '/api/v1/namespaces/default/pods/pulling?fieldManager=a';
    const spec = { containers: [{ name: 'a', image: 'b' }], imagePullSecrets: [{}] };
    const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pulling' }, spec };
    const ask = { method: 'PATCH', path, body, type: 'application/apply-patch+yaml' };
    const replies = [await server.ask(ask), await server.ask(ask)];
    expect(replies.map(({ code, json }) => [code, json?.['message']])).toEqual([
      [201, undefined],
      [200, undefined],
    ]);
  });

  it('what is nested as deeply as it may be can be written as YAML', () => {
    let deep: unknown = {};
    for (let i = 0; i < JSON_DEPTH_MAX; i++) deep = i % 2 === 0 ? { a: deep } : [deep];
    expect(yamlText(deep).length).toBeGreaterThan(JSON_DEPTH_MAX);
  });

  it('a fault is answered with an id that the log has, and with nothing of the inside', async () => {
    const faults: { readonly cause: unknown; readonly id: string }[] = [];
    const other = await TestServer.start({
      onFault: (cause, id) => void faults.push({ cause, id }),
      authorizer: {
        authorize: (_user, { name }) => {
          if (name === 'any') throw new Error('the password is hunter2');
          return { allowed: true, reason: '' };
        },
        rules: () => ({ rules: [], incomplete: true }),
      },
    });
    const reply = await other.ask({ path: `${MAPS}/any` });
    await other.stop();
    expect(reply.json).toMatchObject({ code: 500, reason: 'InternalError' });
    expect(reply.text).not.toContain('hunter2');
    expect(faults.map(({ cause }) => String(cause))).toEqual(['Error: the password is hunter2']);
    expect(reply.json?.['message']).toContain(`(id ${faults[0]?.id})`);
  });
});
