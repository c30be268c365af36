import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestServer } from './testing/test-server.js';

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
});
