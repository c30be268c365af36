import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogUnavailable } from '#ports';
import { TestServer } from './testing/test-server.js';

/** A read gives up after three seconds, four of them one after the other; without that they would wait for ever. */
const GIVEN_UP_MS = 120_000;

let server: TestServer;
beforeEach(async () => (server = await TestServer.start()));
afterEach(() => server.stop());

describe('while the event log is away', () => {
  const ways: [string, () => Promise<number>][] = [
    ['does not answer', () => new Promise<number>(() => undefined)],
    ['fails', () => Promise.reject(new LogUnavailable('14 UNAVAILABLE: No connection established. Last error: …'))],
  ];
  const paths = [
    '/api/v1/namespaces/default',
    '/api/v1/pods',
    '/api/v1/namespaces/default/pods/a/log',
    '/at/position:999999/api/v1/pods',
  ];
  it.each(ways)(
    'a read is 503 with Retry-After and one sentence: the log %s',
    async (_way, head) => {
      server.plane.options.log.head = head;
      for (const path of paths) {
        const { code, headers, json } = await server.get(path);
        expect([code, headers['retry-after']]).toEqual([503, '1']);
        expect(json).toMatchObject({
          reason: 'ServiceUnavailable',
          message: 'the event log does not answer at the moment, please try again',
        });
      }
    },
    GIVEN_UP_MS,
  );

  it('readyz says what is missing, and the process still lives', async () => {
    const { log } = server.plane.options;
    const head = log.head.bind(log);
    log.head = () => new Promise<number>(() => undefined);
    const { code, text } = await server.get('/readyz');
    expect(code).toBe(500);
    expect(text).toContain('[-]log failed: the event log does not answer at the moment');
    expect(await server.get('/livez')).toMatchObject({ code: 200, text: 'ok' });
    log.head = head;
  });

  it('what does not need the log is answered', async () => {
    server.plane.options.log.head = () => new Promise<number>(() => undefined);
    expect((await server.get('/api/v1/namespaces/default?resourceVersion=0')).code).toBe(200);
    expect((await server.get('/api/v1')).code).toBe(200);
  });
});
