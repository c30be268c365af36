import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#std';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventsOf, TestServer } from './testing/test-server.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
const versionOf = (object: JsonObject | undefined): string =>
  (object?.['metadata'] as { resourceVersion: string }).resourceVersion;

describe('a watch from before the kept minutes', () => {
  let server: TestServer;
  let then = '';
  /** What a watcher from `then` on sees while everything is still kept. */
  let kept: ReturnType<typeof eventsOf>;

  const change = async (name: string, k: string): Promise<void> => {
    const type = 'application/merge-patch+json';
    const labels = { odd: Number(k) % 2 === 1 ? 'yes' : null };
    const reply = await server.ask({
      method: 'PATCH',
      path: `${MAPS}/${name}`,
      body: { metadata: { labels }, data: { k } },
      type,
    });
    expect(reply.code).toBe(200);
  };
  const watched = async (query: string, ms = 400): Promise<ReturnType<typeof eventsOf>> =>
    eventsOf(await server.ask({ path: `${MAPS}?watch=true&${query}`, ms }));

  beforeAll(async () => {
    server = await TestServer.start();
    for (const name of ['a', 'b', 'c']) await server.create(MAPS, { metadata: { name }, data: { k: '0' } });
    then = versionOf((await server.get(MAPS)).json);
    await server.create('/api/v1/namespaces/other/configmaps', { metadata: { name: 'elsewhere' } });
    for (let i = 1; i <= 60; i++) await change(i % 3 === 0 ? 'a' : 'b', String(i));
    await server.ask({ method: 'DELETE', path: `${MAPS}/c` });
    await server.create(MAPS, { metadata: { name: 'c' }, data: { k: 'again' } });
    kept = await watched(`resourceVersion=${then}`);
    server.forget();
  });
  afterAll(() => server.stop());

  it('is served from the log, with what it would have seen', async () => {
    expect(kept).toHaveLength(62);
    expect(await watched(`resourceVersion=${then}`)).toEqual(kept);
  });

  it('goes on with what happens now, and misses nothing in between', async () => {
    const watching = watched(`resourceVersion=${then}&fieldSelector=metadata.name%3Da`, 1_000);
    for (let i = 61; i <= 80; i++) await change('a', String(i));
    const seen = (await watching).map(({ object }) => (object['data'] as { k: string }).k);
    const before = Array.from({ length: 20 }, (_, i) => String(3 * i + 3));
    expect(seen).toEqual([...before, ...Array.from({ length: 20 }, (_, i) => String(61 + i))]);
  });

  it('knows what entered and left a selection', async () => {
    const types = (await watched(`resourceVersion=${then}&labelSelector=odd`)).map(({ type }) => type);
    expect(types.slice(0, 3)).toEqual(['ADDED', 'DELETED', 'ADDED']);
  });

  it('comes as fast as its client reads, and whole', async () => {
    // Just small enough to be ordinary work: a server on a slow machine refuses a row of larger writes (`CostlyWork`).
    const big = 'x'.repeat(40_000);
    await server.create(MAPS, { metadata: { name: 'big' }, data: { k: '0', big } });
    const from = versionOf((await server.get(MAPS)).json);
    for (let i = 1; i <= 600; i++) await change('big', String(i));
    server.forget();
    const { port } = server;
    // Twenty-four megabytes: more than a watcher may leave unread.
    const path = `${MAPS}?watch=true&resourceVersion=${from}&fieldSelector=metadata.name%3Dbig`;
    const answer = await new Promise<IncomingMessage>((resolve) =>
      request({ host: '127.0.0.1', port, path }, resolve).end(),
    );
    await sleep(1_000);
    let text = '';
    answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    for (let i = 0; i < 200 && text.split('\n').length <= 600; i++) await sleep(50);
    answer.destroy();
    expect(text.split('\n').filter((line) => line !== '')).toHaveLength(600);
  });
});
