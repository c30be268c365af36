import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { issueApiCertificate } from '#adapters';
import { connect, type ClientHttp2Session, type Http2SecureServer } from 'node:http2';
import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { createApi } from './api.js';
import { createApiServer } from './server.js';
import { TestServer } from './testing/test-server.js';

/** Reads a large object, and writes one as soon as it has the answer, again and again. Posts the codes that it got. */
const EAGER_CLIENT = `
const { Agent, request } = require('node:https');
const { parentPort, workerData: { times, ...tls } } = require('node:worker_threads');
const agent = new Agent({ keepAlive: true, maxSockets: 1, ...tls });
const send = (method, path, body) => new Promise((resolve, reject) => {
  const headers = { 'user-agent': 'curl/8', ...(body && { 'content-type': 'application/json' }) };
  const call = request({ ...tls, agent, method, path, headers }, (answer) => {
    answer.resume();
    answer.once('end', () => resolve(answer.statusCode));
  });
  call.once('error', reject);
  call.end(body);
});
const path = '/api/v1/namespaces/default/configmaps';
const map = (name) => JSON.stringify({ metadata: { name }, data: { text: 'x'.repeat(200_000) } });
(async () => {
  const codes = new Set([await send('POST', path, map('large'))]);
  for (let i = 0; i < times; i++) {
    codes.add(await send('GET', path + '/large'));
    codes.add(await send('POST', path + '?dryRun=All', map('other')));
  }
  parentPort.postMessage([...codes]);
})().finally(() => agent.destroy());
`;

describe('the HTTPS server', () => {
  let behind: TestServer;
  let server: Http2SecureServer;
  let admin: { readonly cert: string; readonly key: string };
  let port = 0;

  beforeAll(async () => {
    behind = await TestServer.start();
    await behind.makeRoles();
    const { backend, keys } = behind;
    const serving = await issueApiCertificate(keys);
    const api = createApi({ backend, keys, address: 'localhost' });
    server = createApiServer(api, {
      certificate: serving.certificate,
      privateKey: serving.privateKey,
      clientCa: keys.caCertificate,
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    const issued = await keys.issueCertificate({
      commonName: 'ada',
      organizations: ['system:masters'],
      usage: 'client',
    });
    admin = { cert: issued.certificate, key: issued.privateKey };
  });
  afterAll(async () => {
    server.close();
    await behind.stop();
  });

  const tls = (): { host: string; port: number; ca: string; servername: string } => ({
    host: '127.0.0.1',
    port,
    ca: behind.keys.caCertificate,
    servername: 'localhost',
  });

  function over1(path: string, client: object = {}, body?: string): Promise<{ code: number; text: string }> {
    return new Promise((resolve, reject) => {
      const asked = request({ ...tls(), path, agent: false, ...client }, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () => resolve({ code: answer.statusCode ?? 0, text }));
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }

  it('knows users by certificates of its own CA and everybody else as nobody', async () => {
    expect((await over1('/api/v1/namespaces', admin)).code).toBe(200);
    expect((await over1('/api/v1/namespaces')).code).toBe(403);
    expect((await over1('/readyz')).text).toBe('ok');
  });

  it('tells the certificates of a user apart by what they are', async () => {
    const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
    const post = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const { text } = await over1('/apis/authentication.k8s.io/v1/selfsubjectreviews', { ...admin, ...post }, body);
    const fingerprint = new X509Certificate(admin.cert).fingerprint256.replaceAll(':', '').toLowerCase();
    const review = JSON.parse(text) as { status: { userInfo: { extra: object } } };
    expect(review.status.userInfo.extra).toEqual({
      'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`],
    });
  });

  it('answers 401 to a certificate of another CA', async () => {
    const stranger = await TestServer.start();
    const issued = await stranger.keys.issueCertificate({
      commonName: 'eve',
      organizations: ['system:masters'],
      usage: 'client',
    });
    await stranger.stop();
    expect((await over1('/api/v1/namespaces', { cert: issued.certificate, key: issued.privateKey })).code).toBe(401);
  });

  it('speaks HTTP/2 without headers that HTTP/2 forbids', async () => {
    const session: ClientHttp2Session = connect(`https://localhost:${port}`, { ...tls(), ...admin });
    const stream = session.request({ ':path': '/api/v1/namespaces?watch=true&timeoutSeconds=1' });
    const headers = await new Promise<Record<string, unknown>>((resolve) => stream.on('response', resolve));
    const text = await new Promise<string>((resolve) => {
      let all = '';
      stream.on('data', (chunk: Buffer) => (all += chunk.toString()));
      stream.on('end', () => resolve(all));
    });
    session.close();
    expect(headers[':status']).toBe(200);
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['connection']));
    expect(
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as { type: string }).type),
    ).toEqual(['ADDED', 'ADDED']);
  });

  it('reads addresses and headers as long as selectors can get', async () => {
    const many = Array.from({ length: 4000 }, (_, i) => `value-${i}`).join(',');
    const path = `/api/v1/configmaps?labelSelector=${encodeURIComponent(`app in (${many})`)}`;
    expect(path.length).toBeGreaterThan(40_000);
    expect((await over1(path, admin)).code).toBe(200);
  });

  /** Status codes over HTTP/1.1 and over HTTP/2. */
  async function both(path: string, headers: Record<string, string> = {}): Promise<readonly number[]> {
    const options = { ...tls(), ...admin, maxSendHeaderBlockLength: 1024 * 1024 };
    const session = connect(`https://localhost:${port}`, options);
    const over2 = await new Promise<number>((resolve, reject) =>
      session
        .request({ ':path': path, ...headers })
        .on('response', (answer) => resolve(Number(answer[':status'])))
        .on('error', reject)
        .resume(),
    );
    session.close();
    return [(await over1(path, { ...admin, headers })).code, over2];
  }

  it('takes a large request that follows at once on a large answer over the same connection of HTTP/1.1', async () => {
    // In a thread of its own: a client of this thread would never be as fast.
    const client = new Worker(EAGER_CLIENT, { eval: true, workerData: { ...tls(), ...admin, times: 300 } });
    const codes = await new Promise((resolve, reject) => {
      client.once('message', resolve);
      client.once('error', reject);
    });
    expect(codes).toEqual([201, 200]);
  });

  it('refuses a head that is too large, whoever sends it', async () => {
    const selector = `app in (${Array.from({ length: 20_000 }, (_, i) => `value-${i}`).join(',')})`;
    const query = `?labelSelector=${encodeURIComponent(selector)}`;
    expect(query.length).toBeGreaterThan(200_000);
    // One field of HTTP/2 has at most 64 KiB: its own library refuses more.
    expect((await over1(`/api/v1/configmaps${query}`, admin)).code).toBe(200);
    expect((await over1(`/version?${'a'.repeat(1024 * 1024)}`, admin)).code).toBe(414);
    expect(await both(`/api/v1/namespaces/${'a'.repeat(8 * 1024)}`)).toEqual([414, 414]);
    expect(await both(`/${'/'.repeat(20_000)}x`)).toEqual([414, 414]);
    const half = 'a'.repeat(30 * 1024);
    expect(await both('/version', { 'x-much': half, 'x-more': half })).toEqual([200, 200]);
    expect(await both('/version', { 'x-much': half, 'x-more': half, 'x-most': half })).toEqual([431, 431]);
  });

  it('refuses a bearer token that is too large', async () => {
    expect(await both('/version', { authorization: `Bearer ${'a'.repeat(17 * 1024)}` })).toEqual([401, 401]);
  });

  it('does not mind an offer of another protocol that it does not speak', async () => {
    const headers = { connection: 'Upgrade', upgrade: 'h2c', 'content-type': 'application/json' };
    const body = JSON.stringify({ metadata: { name: 'upgraded' } });
    const more = { ...admin, method: 'POST', headers: { ...headers, 'content-length': body.length } };
    expect((await over1('/api/v1/namespaces', more, body)).code).toBe(201);
  });

  it('answers a method that nobody knows like any wrong one', async () => {
    const text = await new Promise<string>((resolve) => {
      let all = '';
      const socket = connectTls({ ...tls(), ...admin }, () =>
        socket.write('BREW /api/v1/namespaces HTTP/1.1\r\nHost: x\r\n\r\n'),
      );
      socket.on('data', (chunk: Buffer) => (all += chunk.toString()));
      socket.on('close', () => resolve(all));
    });
    expect(text).toMatch(/^HTTP\/1.1 405 /);
    expect(text).toContain('the server does not allow this method on the requested resource');
  });

  it('keeps one connection for many requests', async () => {
    const session = connect(`https://localhost:${port}`, { ...tls(), ...admin });
    const codes: number[] = [];
    // More than one user may have under way at once: each is counted until it is answered.
    for (let round = 0; round < 3; round++) codes.push(...(await batch()));
    session.close();
    expect(new Set(codes)).toEqual(new Set([200]));

    function batch(): Promise<readonly number[]> {
      return Promise.all(
        Array.from(
          { length: 200 },
          () =>
            new Promise<number>((resolve) => {
              let code = 0;
              session
                .request({ ':path': '/api/v1/namespaces/default' })
                .on('response', (h) => (code = Number(h[':status'])))
                .on('close', () => resolve(code))
                .resume();
            }),
        ),
      );
    }
  });
});
