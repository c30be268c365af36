import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { issueApiCertificate } from '#adapters';
import { request as httpRequest, type ClientRequest } from 'node:http';
import { Agent, request } from 'node:https';
import type { Http2SecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApi } from './api.js';
import { createApiServer } from './server.js';
import { TestServer } from './testing/test-server.js';

const WATCH = '/api/v1/namespaces/default/configmaps?watch=1';

describe('what one client may have under way', () => {
  let server: TestServer;
  const open: ClientRequest[] = [];
  beforeAll(async () => {
    server = await TestServer.start({ limits: { lasting: 2, short: 5 } });
  });
  afterAll(() => server.stop());

  const as = (user: string): Record<string, string> => ({ 'impersonate-user': user });
  /** Begins a watch and resolves with its status code. */
  function watch(user: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const asked = httpRequest({ host: '127.0.0.1', port: server.port, path: WATCH, headers: as(user) }, (answer) => {
        answer.resume();
        answer.on('error', () => undefined);
        resolve(answer.statusCode ?? 0);
      });
      asked.on('error', reject);
      asked.end();
      open.push(asked);
    });
  }

  it('is bounded in watches for each user, with a time to come back', async () => {
    expect([await watch('ada'), await watch('ada')]).toEqual([200, 200]);
    const refused = await server.get(WATCH, as('ada'));
    expect(refused.json).toMatchObject({ code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 1 } });
    expect(refused.headers['retry-after']).toBe('1');
    // Others, and this user's other requests, go on.
    expect(await watch('bob')).toBe(200);
    expect((await server.get('/api/v1/namespaces/default/configmaps', as('ada'))).code).toBe(200);
  });

  it('counts a request only until it is answered', async () => {
    for (let i = 0; i < 20; i++)
      expect((await server.get('/api/v1/namespaces/default/configmaps', as('ada'))).code).toBe(200);
  });

  it('may be begun again when one has ended', async () => {
    open[0]?.on('error', () => undefined);
    open[0]?.destroy();
    let code = 429;
    for (let i = 0; i < 50 && code === 429; i++) {
      await sleep(20);
      code = await watch('ada');
    }
    expect(code).toBe(200);
  });
});

describe('the connections of one address', () => {
  let behind: TestServer;
  let server: Http2SecureServer;
  beforeAll(async () => {
    behind = await TestServer.start();
    await behind.makeRoles();
    const { backend, keys } = behind;
    const { certificate, privateKey } = await issueApiCertificate(keys);
    const tls = { certificate, privateKey, clientCa: keys.caCertificate };
    server = createApiServer(createApi({ backend, keys, address: 'localhost' }), tls, { inAll: 100, perAddress: 3 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    server.close();
    await behind.stop();
  });

  function get(agent: Agent): Promise<{ readonly code: number; readonly retry: string | undefined }> {
    const { port } = server.address() as AddressInfo;
    const options = { host: '127.0.0.1', port, path: '/livez', agent };
    return new Promise((resolve, reject) =>
      request({ ...options, ca: behind.keys.caCertificate, servername: 'localhost' }, (answer) => {
        answer.resume();
        answer.once('end', () => resolve({ code: answer.statusCode ?? 0, retry: answer.headers['retry-after'] }));
      })
        .on('error', reject)
        .end(),
    );
  }

  it('are bounded: one more is told to come back later', async () => {
    const agents = Array.from({ length: 4 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    const answers = [];
    for (const agent of agents) answers.push(await get(agent));
    expect(answers.map(({ code }) => code)).toEqual([200, 200, 200, 429]);
    expect(answers[3]?.retry).toBe('1');
    agents[0]?.destroy();
    let { code } = { code: 429 };
    for (let i = 0; i < 50 && code === 429; i++) {
      await sleep(20);
      code = (await get(new Agent({ keepAlive: false }))).code;
    }
    expect(code).toBe(200);
    for (const agent of agents) agent.destroy();
  });
});
