import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#std';
import { eventsOf, TestServer } from './testing/test-server.js';

const PODS = '/api/v1/namespaces/default/pods';
type Seen = ReturnType<typeof eventsOf>;
const versionOf = (object: JsonObject): number =>
  Number((object['metadata'] as { resourceVersion: string }).resourceVersion);

describe('the end of a pod in a watch', () => {
  let server: TestServer;
  let start = 0;

  beforeAll(async () => {
    server = await TestServer.start();
    await server.create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    await server.create('/api/v1/nodes', { metadata: { name: 'n1' } });
    start = versionOf((await server.get(PODS)).json ?? {});
    const spec = { nodeName: 'n1', containers: [{ name: 'main', image: 'busybox' }] };
    await server.create(PODS, { metadata: { name: 'p' }, spec });
    await server.ask({ method: 'DELETE', path: `${PODS}/p` });
    const type = 'application/merge-patch+json';
    const body = { status: { phase: 'Succeeded' } };
    expect((await server.ask({ method: 'PATCH', path: `${PODS}/p/status`, body, type })).code).toBe(200);
    expect((await server.ask({ method: 'DELETE', path: `${PODS}/p?gracePeriodSeconds=0` })).code).toBe(200);
    expect((await server.get(`${PODS}/p`)).code).toBe(404);
  });
  afterAll(() => server.stop());

  const from = async (version: number): Promise<Seen> =>
    eventsOf(await server.ask({ path: `${PODS}?watch=true&resourceVersion=${version}`, ms: 400 }));

  it('shows one state at each position, and every position but the last as it was stored', async () => {
    const seen = await from(start);
    expect(seen.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'MODIFIED', 'MODIFIED', 'DELETED']);
    const versions = seen.map(({ object }) => versionOf(object));
    expect(new Set(versions).size).toBe(versions.length);
    expect([...versions].sort((a, b) => a - b)).toEqual(versions);
    for (const { object } of seen.slice(0, -1)) {
      const then = await server.get(`/at/position:${versionOf(object)}${PODS}/p`);
      expect(then.json).toEqual(object);
    }
    expect((await server.get(`/at/position:${versions.at(-1)}${PODS}/p`)).code).toBe(404);
  });

  it('is whole for a client that resumes at any position, from memory and from the log', async () => {
    const seen = await from(start);
    for (const [i, { object }] of seen.entries()) expect(await from(versionOf(object))).toEqual(seen.slice(i + 1));
    server.forget();
    for (const [i, { object }] of seen.entries()) expect(await from(versionOf(object))).toEqual(seen.slice(i + 1));
  });
});
