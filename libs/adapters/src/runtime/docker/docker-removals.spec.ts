import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DockerRuntime } from './docker-runtime.js';

const APPS = ['app1', 'app2', 'app3'];

/** An engine that takes its time for each removal, and notes how many are under way. */
describe('removals', () => {
  const underWay = new Set<string>();
  let most = 0;
  let allArrived = (): void => undefined;
  /** Apps are removed once the removal of each has come. */
  const everyApp = new Promise<void>((resolve) => (allArrived = resolve));
  let server: Server;
  let runtime: DockerRuntime;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const [, id = ''] = /containers\/(\w+)/.exec(request.url ?? '') ?? [];
      const answer = (code: number, body: object): unknown =>
        response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (request.method === 'GET') return void answer(200, shown(id));
      underWay.add(id);
      most = Math.max(most, underWay.size);
      if (underWay.size === APPS.length) allArrived();
      void (id.startsWith('app') ? everyApp : sleep(20)).then(() => {
        underWay.delete(id);
        answer(id === 'broken' ? 500 : 200, { message: 'no' });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    runtime = new DockerRuntime({ protocol: 'http', host: '127.0.0.1', port });
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const shown = (id: string): object => ({
    ...{ Id: id, Created: '2026-01-01T00:00:00Z', Image: 'i', Config: { Labels: {}, Image: 'i' } },
    State: { Running: true, StartedAt: '2026-01-01T00:00:00Z' },
    HostConfig: { NetworkMode: id.startsWith('app') ? 'container:infra1' : 'shiplog' },
  });
  const removed = async (ids: readonly string[]): Promise<readonly string[]> => {
    most = 0;
    for (const id of ids) await runtime.inspect(id);
    const results = await Promise.allSettled(ids.map((id) => runtime.remove(id)));
    return results.map(({ status }) => status);
  };

  it('of infra containers go one after the other: two that leave a network at once may hang an older engine for good', async () => {
    expect(await removed(['infra1', 'infra2', 'infra3'])).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    expect(most).toBe(1);
  });

  it('go on after one that failed', async () => {
    expect(await removed(['infra1', 'broken', 'infra2'])).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(most).toBe(1);
  });

  it('of containers that joined a network do not wait for each other', async () => {
    await removed(APPS);
    expect(most).toBe(APPS.length);
  });
});
