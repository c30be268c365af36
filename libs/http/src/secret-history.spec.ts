import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AccessAttributes } from '#model';
import { TestServer } from './testing/test-server.js';

const SECRETS = '/api/v1/namespaces/default/secrets';

/** Somebody who may do everything but `get` on `secrets/history`. */
describe('a user who may read Secrets', () => {
  let server: TestServer;
  const asked: AccessAttributes[] = [];
  beforeAll(async () => {
    server = await TestServer.start({
      authorizer: {
        authorize: (_user, attributes) => {
          asked.push(attributes);
          return { allowed: attributes.subresource !== 'history', reason: '' };
        },
        rules: () => ({ rules: [], incomplete: true }),
      },
    });
    await server.ask({
      method: 'POST',
      path: SECRETS,
      body: { metadata: { name: 'one' }, stringData: { a: 'value' } },
    });
  });
  afterAll(() => server.stop());

  it.each(['get', 'list', 'watch'])('may not %s what they were without the right to their history', async (verb) => {
    const path = verb === 'get' ? `${SECRETS}/one` : verb === 'list' ? SECRETS : `${SECRETS}?watch=1`;
    const position = server.plane.reads.projection.position;
    const reply = await server.ask({ path: `/at/position:${position}${path}` });
    expect(reply.code).toBe(403);
    expect(reply.json?.['message']).toContain('cannot get resource "secrets/history" in API group "" in the namespace');
    expect(reply.text).not.toContain('dmFsdWU=');
    expect(asked.at(-1)).toMatchObject({ verb: 'get', resource: 'secrets', subresource: 'history' });
  });

  it('reads them as they are, and the past of everything else', async () => {
    expect((await server.ask({ path: `${SECRETS}/one` })).json?.['data']).toEqual({ a: 'dmFsdWU=' });
    const position = server.plane.reads.projection.position;
    const past = await server.ask({ path: `/at/position:${position}/api/v1/namespaces/default` });
    expect(past.code).toBe(200);
  });
});
