import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HistoryIndexFailed } from '#ports';
import type { JsonObject } from '#std';
import { eventsOf, TestServer } from './testing/test-server.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
const ALL_MAPS = '/api/v1/configmaps';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';

let server: TestServer;
/** The position of the last write of what is looked at. */
let then = 0;
beforeAll(async () => {
  server = await TestServer.start();
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    await server.create(MAPS, { metadata: { name, labels: { odd: 'ace'.includes(name) ? 'yes' : 'no' } } });
  for (const name of ['a', 'z']) await server.create('/api/v1/namespaces/other/configmaps', { metadata: { name } });
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'busybox' }] } };
  await server.create(DEPLOYMENTS, {
    metadata: { name: 'web' },
    spec: { replicas: 3, selector: { matchLabels: labels }, template },
  });
  then = server.plane.reads.projection.position;
  for (const { name } of (await listed(MAPS)).names.map((key) => ({ name: key.split('/')[1] })))
    await server.ask({ method: 'DELETE', path: `${MAPS}/${name}` });
  await server.ask({ method: 'DELETE', path: `${DEPLOYMENTS}/web` });
  await server.create(MAPS, { metadata: { name: 'new' } });
});
afterAll(() => server.stop());

const at = (path: string): string => `/at/position:${then}${path}`;

interface Page {
  readonly names: readonly string[];
  readonly next: string;
  readonly left: unknown;
  readonly version: unknown;
}
async function listed(path: string): Promise<Page> {
  const { json, code } = await server.get(path);
  expect(code).toBe(200);
  const { items, metadata } = json as unknown as {
    readonly items: readonly { readonly metadata: { readonly name: string; readonly namespace?: string } }[];
    readonly metadata: JsonObject;
  };
  return {
    names: items.map((item) => `${item.metadata.namespace ?? ''}/${item.metadata.name}`),
    next: String(metadata['continue'] ?? ''),
    left: metadata['remainingItemCount'],
    version: metadata['resourceVersion'],
  };
}
async function pages(path: string, query: string): Promise<readonly Page[]> {
  const all: Page[] = [];
  for (let next = 'none'; next !== '';) {
    const page = await listed(at(`${path}?${query}${next === 'none' ? '' : `&continue=${next}`}`));
    all.push(page);
    next = page.next;
  }
  expect(new Set(all.map(({ version }) => version))).toEqual(new Set([String(then)]));
  return all;
}

describe('the past', () => {
  it('is listed whole and in pages, in one namespace, in all of them and without one', async () => {
    const names = ['default/a', 'default/b', 'default/c', 'default/d', 'default/e'];
    expect((await listed(at(MAPS))).names).toEqual(names);
    const two = await pages(MAPS, 'limit=2');
    expect(two.map(({ names: page }) => page)).toEqual([names.slice(0, 2), names.slice(2, 4), names.slice(4)]);
    expect(two.map(({ left }) => left)).toEqual([3, 1, undefined]);
    const everywhere = await pages(ALL_MAPS, 'limit=3');
    expect(everywhere.flatMap(({ names: page }) => page)).toEqual([...names, 'other/a', 'other/z']);
    const whole = (await listed(at('/api/v1/namespaces'))).names;
    expect(whole).toEqual(['/default', '/other']);
    expect((await pages('/api/v1/namespaces', 'limit=1')).flatMap(({ names: page }) => page)).toEqual(whole);
    expect((await listed(MAPS)).names).toEqual(['default/new']);
  });

  it('is selected from, and a page that the selection fills says that there may be more', async () => {
    const odd = await pages(MAPS, 'labelSelector=odd%3Dyes&limit=2');
    expect(odd.map(({ names }) => names)).toEqual([['default/a', 'default/c'], ['default/e']]);
    expect(odd.map(({ left }) => left)).toEqual([undefined, undefined]);
    expect((await listed(at(`${MAPS}?fieldSelector=metadata.name%3Dd&limit=1`))).next).toBe('');
  });

  it('has subresources that are another object', async () => {
    expect((await server.get(at(`${DEPLOYMENTS}/web/scale`))).json).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 3 },
      status: { selector: 'app=web' },
    });
    expect((await server.get(`${DEPLOYMENTS}/web/scale`)).code).toBe(404);
  });

  it('is watched as a state that ends with a bookmark', async () => {
    const path = at(`${MAPS}?watch=true&allowWatchBookmarks=true`);
    const seen = eventsOf(await server.ask({ path, ms: 400 }));
    expect(seen.map(({ type }) => type)).toEqual([...Array.from({ length: 5 }, () => 'ADDED'), 'BOOKMARK']);
  });

  it('is printed as a table of that moment', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const { json } = await server.get(at(MAPS), { accept });
    expect(
      (json as unknown as { rows: readonly { cells: readonly unknown[] }[] }).rows.map(({ cells }) => cells[0]),
    ).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('is 503 with a time to come back while its index cannot be used, and what is now is answered', async () => {
    const { history } = server.plane.options;
    if (!history) throw new Error('no index');
    const { get, scan } = history;
    const failed = (): never => {
      throw new HistoryIndexFailed('The history index /secret/place cannot be used: disk I/O error.');
    };
    try {
      Object.assign(history, { get: failed, scan: failed });
      for (const path of [MAPS, `${MAPS}/a`, `${DEPLOYMENTS}/web/scale`]) {
        const { code, headers, text } = await server.get(at(path));
        expect([code, headers['retry-after']]).toEqual([503, '30']);
        expect(text).not.toContain('secret');
      }
      expect((await server.get(MAPS)).code).toBe(200);
    } finally {
      Object.assign(history, { get, scan });
    }
  });
});
