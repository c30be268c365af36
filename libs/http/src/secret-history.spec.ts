import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '#adapters';
import type { AccessAttributes } from '#model';
import type { Authorizer } from '#ports';
import type { JsonObject } from '#std';
import { eventsOf, TestServer } from './testing/test-server.js';

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

describe('versions of Secrets that were superseded more than five minutes ago', () => {
  let server: TestServer;
  const clock = new VirtualClock(1_800_000_000_000);
  let isAllowed = false;
  const authorizer: Authorizer = {
    authorize: (_user, { subresource }) => ({ allowed: isAllowed || subresource !== 'history', reason: '' }),
    rules: () => ({ rules: [], incomplete: true }),
  };
  const OLD = 'b2xk';
  /** Version at which the values were the old ones; of a list's first page there too. */
  let then = '';
  let token = '';
  const type = 'application/merge-patch+json';
  const put = (name: string, value: string): Promise<unknown> =>
    server.ask({ method: 'PATCH', path: `${SECRETS}/${name}`, body: { data: { a: value } }, type });
  /** What a caller reads through each way to a version. */
  const ways = async () => ({
    watched: await server.ask({ path: `${SECRETS}?watch=true&resourceVersion=${then}`, ms: 300 }),
    exact: await server.ask({ path: `${SECRETS}?resourceVersion=${then}&resourceVersionMatch=Exact` }),
    limited: await server.ask({ path: `${SECRETS}?resourceVersion=${then}&limit=5` }),
    continued: await server.ask({ path: `${SECRETS}?limit=5&continue=${token}` }),
    deleted: await server.ask({
      method: 'DELETE',
      path: `${SECRETS}?resourceVersion=${then}&resourceVersionMatch=Exact&fieldSelector=metadata.name%3Dgone`,
    }),
  });

  beforeAll(async () => {
    server = await TestServer.start({ authorizer }, clock);
    for (const name of ['gone', 'one', 'two']) await server.create(SECRETS, { metadata: { name }, data: { a: OLD } });
    const page = (await server.ask({ path: `${SECRETS}?limit=1` })).json?.['metadata'] as JsonObject;
    then = String(page['resourceVersion']);
    const made = JSON.parse(Buffer.from(String(page['continue']), 'base64url').toString()) as object;
    // Tokens are not signed: anybody can say that the list was begun just now.
    token = Buffer.from(JSON.stringify({ ...made, since: clock.now() + 600_000 })).toString('base64url');
    for (const name of ['one', 'two']) for (const value of [OLD, 'bmV3']) await put(name, `${value}`);
    await put('one', 'bmV3ZXI=');
    await server.ask({ method: 'DELETE', path: `${SECRETS}/gone` });
  });
  afterAll(() => server.stop());

  it('are read by whoever may read Secrets while they are newer than that, as in Kubernetes', async () => {
    const { watched, exact, limited, continued, deleted } = await ways();
    expect(eventsOf(watched).map(({ type }) => type)).toEqual(['MODIFIED', 'MODIFIED', 'MODIFIED', 'DELETED']);
    for (const reply of [exact, limited, continued, deleted])
      expect([reply.code, reply.text]).toEqual([200, expect.stringContaining(OLD)]);
  });

  it('are Expired without the right to their history, also while nothing else happens', async () => {
    clock.advance(5 * 60_000 + 1);
    const { watched, exact, limited, continued, deleted } = await ways();
    expect(eventsOf(watched)).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }]);
    for (const reply of [exact, limited, continued, deleted]) {
      expect(reply.json).toMatchObject({ code: 410, reason: 'Expired' });
      expect(reply.json?.['message']).toContain('"get" on "secrets/history"');
    }
    // The rest of the list can be had as it is now.
    const next = (continued.json?.['metadata'] as JsonObject)['continue'];
    const rest = await server.ask({ path: `${SECRETS}?limit=5&continue=${String(next)}` });
    expect([rest.code, rest.text.includes(OLD), rest.text.includes('bmV3')]).toEqual([200, false, true]);
  });

  it('are read with that right, out of the log too', async () => {
    isAllowed = true;
    expect(eventsOf((await ways()).watched)).toHaveLength(4);
    server.forget();
    expect(eventsOf((await ways()).watched)).toHaveLength(4);
    isAllowed = false;
    expect(eventsOf((await ways()).watched)).toMatchObject([{ type: 'ERROR', object: { code: 410 } }]);
  });

  it('are not what a watch goes on from where nothing has changed since, nor what a new watch begins with', async () => {
    const list = (await server.get(SECRETS)).json?.['metadata'] as JsonObject;
    clock.advance(3_600_000);
    await server.create('/api/v1/namespaces/default/configmaps', { metadata: { name: 'other' } });
    const path = `${SECRETS}?watch=true&resourceVersion=${String(list['resourceVersion'])}`;
    expect(eventsOf(await server.ask({ path, ms: 300 }))).toEqual([]);
    const begun = eventsOf(await server.ask({ path: `${SECRETS}?watch=true`, ms: 300 }));
    expect(begun.map(({ type }) => type)).toEqual(['ADDED', 'ADDED']);
    const path2 = `${SECRETS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=${then}`;
    expect(eventsOf(await server.ask({ path: path2, ms: 300 })).map(({ type }) => type)).toEqual(['ADDED', 'ADDED']);
  });
});
