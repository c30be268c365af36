import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestServer } from './testing/test-server.js';

describe('/metrics', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  async function series(name: string): Promise<ReadonlyMap<string, number>> {
    const { text, headers } = await server.get('/metrics');
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const lines = text.split('\n').filter((line) => line.startsWith(name));
    return new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
    );
  }
  const labels = (verb: string, code: number, more: string): string =>
    `apiserver_request_total{verb="${verb}",${more},code="${code}"}`;
  const CONFIG_MAPS = 'group="",version="v1",resource="configmaps",subresource=""';
  const NOTHING = 'group="",version="",resource="",subresource=""';

  it('counts requests by verb, resource and code, and shows how long they took', async () => {
    for (let i = 0; i < 3; i++) await server.get('/api/v1/namespaces/default/configmaps/none');
    await server.get('/api/v1/namespaces/default/configmaps');
    const totals = await series('apiserver_request_total');
    expect(totals.get(labels('GET', 404, CONFIG_MAPS))).toBe(3);
    expect(totals.get(labels('LIST', 200, CONFIG_MAPS))).toBe(1);
    const times = await series('apiserver_request_duration_seconds_count');
    expect(times.get('apiserver_request_duration_seconds_count{verb="GET",group="",resource="configmaps"}')).toBe(3);
  });

  it('keeps no name that a client made up', async () => {
    const before = (await series('apiserver_request_total')).size;
    for (let i = 0; i < 50; i++) {
      await server.get(`/api/v1/namespaces/default/made-up-${i}/x`);
      await server.get(`/api/v1/namespaces/default/pods/x/made-up-${i}`);
      await server.get(`/apis/made-up-${i}.example.com/v1/things`);
    }
    const after = await series('apiserver_request_total');
    expect(after.get(labels('GET', 404, NOTHING))).toBe(100);
    expect(after.get(labels('LIST', 404, NOTHING))).toBe(50);
    expect(after.size).toBeLessThanOrEqual(before + 3);
  });

  it('shows memory and how late the event loop is', async () => {
    expect([...(await series('process_resident_memory_bytes')).values()][0]).toBeGreaterThan(10e6);
    expect([...(await series('nodejs_heap_used_bytes')).values()][0]).toBeGreaterThan(1e6);
    const late = await series('shiplog_event_loop_delay_seconds');
    expect([...late.keys()].map((key) => /quantile="(.*)"/.exec(key)?.[1])).toEqual(['0.5', '0.99', '1']);
  });
});
