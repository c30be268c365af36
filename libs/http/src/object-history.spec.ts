import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AccessAttributes, Command } from '#model';
import type { Authorizer } from '#ports';
import type { Json, JsonObject } from '#std';
import { TestServer } from './testing/test-server.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
const SECRETS = '/api/v1/namespaces/default/secrets';

type Item = JsonObject & { readonly position: number; readonly type: string; readonly changes?: readonly JsonObject[] };

describe('what happened to an object', () => {
  let server: TestServer;
  let isHidden = (_asked: AccessAttributes): boolean => false;
  const authorizer: Authorizer = {
    authorize: (_user, asked) => ({ allowed: !isHidden(asked), reason: '' }),
    rules: () => ({ rules: [], incomplete: true }),
  };
  const patch = (path: string, body: JsonObject) =>
    server.ask({ method: 'PATCH', path, body, type: 'application/merge-patch+json' });
  const items = async (path: string): Promise<readonly Item[]> => {
    const { json } = await server.get(path);
    return (json?.['items'] ?? json?.['steps']) as unknown as readonly Item[];
  };
  /** What a loop decided because of other events. */
  const decide = async (parts: Partial<Command>): Promise<number> => {
    const result = await server.backend.submit({
      ...{
        verb: 'patch',
        kind: 'core.configmaps',
        apiVersion: 'v1',
        namespace: 'default',
        name: 'b',
        patchType: 'merge',
      },
      ...{ options: {}, actor: { name: 'system:serviceaccount:kube-system:a-loop', groups: [] }, via: 'a-loop' },
      correlationId: 'x',
      ...parts,
    });
    return (result as { readonly position: number }).position;
  };

  beforeAll(async () => {
    server = await TestServer.start({ authorizer });
    await server.create(MAPS, { metadata: { name: 'a' }, data: { x: '1' } });
    await patch(`${MAPS}/a`, { data: { x: '2', y: '1' } });
  });
  afterAll(() => server.stop());

  it('is told with who did it and the fields that changed', async () => {
    const told = await items(`${MAPS}/a/history`);
    expect(told.map(({ type }) => type)).toEqual(['Created', 'SpecChanged']);
    expect(told[1]).toMatchObject({
      request: { verb: 'PATCH', path: `${MAPS}/a` },
      changes: [
        { field: 'data.x', before: '1', after: '2' },
        { field: 'data.y', after: '1' },
      ],
    });
  });
  it('is told of an object that is gone, and of the one that has its name now', async () => {
    await server.create(MAPS, { metadata: { name: 'gone' } });
    await server.ask({ method: 'DELETE', path: `${MAPS}/gone` });
    expect((await items(`${MAPS}/gone/history`)).map(({ type }) => type)).toEqual(['Created', 'Deleted']);
    await server.create(MAPS, { metadata: { name: 'gone' } });
    expect((await items(`${MAPS}/gone/history`)).map(({ type }) => type)).toEqual(['Created', 'Deleted', 'Created']);
    const at = (await items(`${MAPS}/gone/history`))[1]?.position ?? 0;
    expect(await items(`/at/position:${at}${MAPS}/gone/history`)).toHaveLength(2);
  });
  it('is told a part at a time', async () => {
    await server.create(MAPS, { metadata: { name: 'long' }, data: {} });
    for (let i = 0; i < 70; i++) await patch(`${MAPS}/long`, { data: { x: `${i}` } });
    const { json } = await server.get(`${MAPS}/long/history?limit=2`);
    expect(json).toMatchObject({ before: 69, items: [{ revision: 69 }, { revision: 70 }] });
    const [older] = await items(`${MAPS}/long/history?limit=1&before=69`);
    expect(older).toMatchObject({ revision: 68, changes: [{ field: 'data.x', before: '66', after: '67' }] });
    expect((await server.get(`${MAPS}/long/history?limit=x`)).code).toBe(400);
    expect((await server.get(`${MAPS}/long/history?limit=0`)).code).toBe(400);
  });
  it('is not found where there never was one', async () => {
    expect((await server.get(`${MAPS}/never/history`)).code).toBe(404);
    expect((await server.get(`${MAPS}/never/why`)).code).toBe(404);
    expect((await server.ask({ method: 'POST', path: `${MAPS}/a/history`, body: {} })).code).toBe(405);
  });
  it('is told of namespaces', async () => {
    expect(await items('/api/v1/namespaces/default/history')).toMatchObject([{ type: 'Created' }]);
  });
  it('never shows a secret value', async () => {
    await server.create(SECRETS, { metadata: { name: 's' }, data: { p: Buffer.from('hunter2').toString('base64') } });
    await patch(`${SECRETS}/s`, { data: { p: Buffer.from('hunter3').toString('base64') } });
    const { text, json } = await server.get(`${SECRETS}/s/history`);
    expect(text).not.toMatch(/hunter|aHVudGVy|\$sealed/);
    expect((json?.['items'] as Json[])[1]).toMatchObject({ changes: [{ field: 'data.p', isSealed: true }] });
  });
  it('takes the right to read history', async () => {
    isHidden = ({ subresource }) => subresource === 'history';
    expect((await server.get(`${MAPS}/a/history`)).code).toBe(403);
    expect((await server.get(`${MAPS}/a/why`)).code).toBe(403);
    isHidden = () => false;
  });

  describe('and why', () => {
    it('is a chain of causes back to a request', async () => {
      const asked = Number(
        (await server.create(MAPS, { metadata: { name: 'asked' } }))['metadata' as never]?.['resourceVersion' as never],
      );
      await server.create(MAPS, { metadata: { name: 'b' } });
      const first = await decide({ body: { data: { n: '1' } }, because: 'asked for', causes: [asked] });
      const second = await decide({ body: { data: { n: '2' } }, because: 'it was one', causes: [first] });
      await decide({ body: { metadata: { labels: { l: '1' } } }, because: 'of no importance', causes: [second] });
      const { json } = await server.get(`${MAPS}/b/why?field=data.n`);
      expect(json).toMatchObject({
        field: 'data.n',
        end: 'request',
        steps: [
          { position: second, because: 'it was one', changes: [{ field: 'data.n', before: '1', after: '2' }] },
          { position: first, because: 'asked for' },
          { position: asked, object: { resource: 'core.configmaps', namespace: 'default', name: 'asked' } },
        ],
      });
    });
    it('ends at what was measured', async () => {
      const basis = {
        loop: 'a-loop',
        key: 'k',
        view: 1,
        now: '2026-01-01T00:00:00.000Z',
        build: 'b',
        facts: { load: 7 },
      };
      await decide({ body: { data: { m: '1' } }, because: 'load is high', basis });
      expect((await server.get(`${MAPS}/b/why?field=data.m`)).json).toMatchObject({
        end: 'measurement',
        steps: [{ basis }],
      });
    });
    it('does not show what the one who asks may not see', async () => {
      isHidden = ({ name }) => name === 'asked';
      const { json } = await server.get(`${MAPS}/b/why?field=data.n`);
      expect(json).toMatchObject({ end: 'hidden' });
      expect(json?.['steps']).toHaveLength(2);
      isHidden = () => false;
    });
    it('of a field that nobody set, nobody knows', async () => {
      const { code, json } = await server.get(`${MAPS}/b/why?field=data.z`);
      expect(code).toBe(400);
      expect(json?.['message']).toBe('no event that is remembered here has set the field "data.z"');
    });
    it('of what is gone is its end', async () => {
      await server.create(MAPS, { metadata: { name: 'ended' } });
      await server.ask({ method: 'DELETE', path: `${MAPS}/ended` });
      expect((await server.get(`${MAPS}/ended/why`)).json).toMatchObject({
        end: 'request',
        steps: [{ type: 'Deleted' }],
      });
    });
  });
});
