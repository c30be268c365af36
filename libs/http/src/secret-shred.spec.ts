import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AccessAttributes } from '#model';
import type { AuditLog } from '#ports';
import type { JsonObject } from '#std';
import { TestServer } from './testing/test-server.js';

const SECRETS = '/api/v1/namespaces/default/secrets';
const CLEAR = 'b25l';

describe('POST to shred of a Secret', () => {
  let server: TestServer;
  let isAllowed = true;
  let asked: AccessAttributes | undefined;
  const audited: JsonObject[] = [];
  const audit: AuditLog = {
    lost: 0,
    written: 0,
    write: (_series, event) => void audited.push(JSON.parse(JSON.stringify(event)) as JsonObject),
    close: () => Promise.resolve(),
  };
  const at = async (position: number, name = 'one'): Promise<JsonObject | undefined> =>
    (await server.ask({ path: `/at/position:${position}${SECRETS}/${name}` })).json;
  const shred = (body: JsonObject, query = '', name = 'one') =>
    server.ask({ method: 'POST', path: `${SECRETS}/${name}/shred${query}`, body });
  const position = (): number => server.plane.reads.projection.position;

  beforeAll(async () => {
    server = await TestServer.start({
      audit,
      authorizer: {
        authorize: (_user, attributes) => {
          asked = attributes;
          return { allowed: isAllowed || attributes.subresource !== 'shred', reason: '' };
        },
        rules: () => ({ rules: [], incomplete: true }),
      },
    });
    await server.create(SECRETS, { metadata: { name: 'one' }, data: { a: CLEAR } });
  });
  afterAll(() => server.stop());

  it('takes a right of its own: "create" on "secrets/shred"', async () => {
    isAllowed = false;
    const reply = await shred({ versions: true });
    expect(reply.code).toBe(403);
    expect(reply.json?.['message']).toContain('cannot create resource "secrets/shred"');
    expect(asked).toMatchObject({ verb: 'create', resource: 'secrets', subresource: 'shred', name: 'one' });
    isAllowed = true;
  });

  it('forgets the values of older versions, and only says what it would do in a dry run', async () => {
    const created = position();
    await server.ask({
      method: 'PATCH',
      path: `${SECRETS}/one`,
      body: { data: { a: 'dHdv' } },
      type: 'application/merge-patch+json',
    });
    expect((await shred({ versions: true }, '?dryRun=All')).code).toBe(201);
    expect(await at(created)).toMatchObject({ data: { a: CLEAR } });
    expect((await shred({ kind: 'Shredding', apiVersion: 'v1', versions: true })).json).toMatchObject({
      status: 'Success',
      code: 201,
    });
    expect(await at(created)).toMatchObject({
      data: { a: '' },
      metadata: { annotations: { 'shiplog.io/shredded': 'true' } },
    });
    expect((await server.get(`${SECRETS}/one`)).json).toMatchObject({ data: { a: 'dHdv' } });
  });

  it('forgets the values of a deleted one, and is on record in the log and in the audit', async () => {
    const before = position();
    expect((await shred({})).json).toMatchObject({ code: 409 });
    await server.ask({ method: 'DELETE', path: `${SECRETS}/one` });
    audited.length = 0;
    expect((await shred({})).code).toBe(201);
    expect(await at(before)).toMatchObject({ data: { a: '' } });
    expect(audited).toMatchObject([
      { verb: 'create', objectRef: { resource: 'secrets', subresource: 'shred', name: 'one' } },
      { verb: 'get', requestURI: expect.stringContaining('/at/') },
    ]);
    for await (const events of server.plane.options.log.readAll(position() - 1))
      for (const event of events)
        expect(event.open()).toMatchObject({
          type: 'ValuesShredded',
          metadata: { request: { verb: 'POST', path: `${SECRETS}/one/shred` } },
        });
    expect((await shred({})).json).toMatchObject({ code: 404 });
    expect((await shred({}, '', 'never-there')).json).toMatchObject({ code: 404 });
  });

  it('refuses what it does not understand, and is in no document of Kubernetes', async () => {
    expect((await shred({ versions: 'yes' })).code).toBe(400);
    expect((await shred({ kind: 'Secret', apiVersion: 'v1' })).code).toBe(400);
    expect((await server.get(`${SECRETS}/one/shred`)).code).toBe(405);
    for (const path of ['/api/v1', '/openapi/v2', '/openapi/v3/api/v1'])
      expect((await server.ask({ path })).text).not.toMatch(/shred/i);
  });
});
