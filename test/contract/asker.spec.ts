import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer as createPlainServer, type IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HttpsAsker, openMemoryKeys, ScriptedAsker, SystemClock } from '#adapters';
import type { HttpsAnswer, HttpsEndpoint, HttpsQuestion } from '#model';
import { ANSWER_BYTES_MAX, type Keys } from '#ports';
import { askerContract, type AskedServer } from './asker.contract.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A real HTTPS server with a certificate for `hook.team.svc`. */
class Hook {
  connections = 0;
  readonly clients: (string | undefined)[] = [];
  private constructor(
    readonly server: Server,
    readonly keys: Keys,
  ) {}

  static async start(): Promise<Hook> {
    const keys = await openMemoryKeys();
    const request = {
      commonName: 'hook',
      dnsNames: ['hook.team.svc'],
      ipAddresses: ['127.0.0.1'],
      usage: 'server',
    } as const;
    const { certificate, privateKey } = await keys.issueCertificate(request);
    const server = createServer({ cert: certificate, key: privateKey, requestCert: true, rejectUnauthorized: false });
    const hook = new Hook(server, keys);
    server.on('secureConnection', () => hook.connections++);
    server.on('request', (request, response) => {
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      const { CN } =
        ((request.socket as TLSSocket).getPeerCertificate() as { subject?: { CN?: string } }).subject ?? {};
      hook.clients.push(CN);
      if (path === '/never') return;
      if (path === '/redirect') return void response.writeHead(302, { location: '/echo' }).end('{}');
      if (path === '/large') return void response.end(`"${'x'.repeat(ANSWER_BYTES_MAX)}"`);
      if (path === '/text') return void response.writeHead(500).end('it broke');
      if (path === '/reset') return void request.socket.destroy();
      let text = '';
      request.on('data', (part: Buffer) => (text += part.toString()));
      request.on('end', () => response.end(JSON.stringify({ asked: path, ...(path === '/body' && { text }) })));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return hook;
  }
  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }
  to(path: string, more: Partial<HttpsEndpoint> = {}): HttpsEndpoint {
    return {
      url: `https://hook.team.svc:443${path}`,
      addresses: [{ host: '127.0.0.1', port: this.port }],
      serverName: 'hook.team.svc',
      caBundle: base64(this.keys.caCertificate),
      ...more,
    };
  }
  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
const questionTo = (to: HttpsEndpoint, timeoutMs = 5_000): HttpsQuestion => ({
  asks: 'https',
  name: 'a hook',
  to,
  body: { a: 1 },
  timeoutMs,
});

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const server = createPlainServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

askerContract('HTTPS', async (): Promise<AskedServer> => {
  const hook = await Hook.start();
  const asker = new HttpsAsker();
  const down = [{ host: '127.0.0.1', port: await freePort() }];
  return {
    asker,
    question: (path, timeoutMs) => questionTo(hook.to(path, path === '/down' ? { addresses: down } : {}), timeoutMs),
    async close() {
      asker.close();
      await hook.stop();
    },
  };
});
askerContract('a script', () => {
  const asker = new ScriptedAsker(new SystemClock(), ({ to: { url } }) => {
    if (url.endsWith('/never')) return { afterMs: 0, answer: 'never' };
    if (url.endsWith('/down')) return { afterMs: 1, answer: { is: 'failed', why: 'down' } };
    return { afterMs: 1, answer: { is: 'answered', status: 200, body: { asked: '/echo' } } };
  });
  const question = (path: string, timeoutMs?: number): HttpsQuestion =>
    questionTo({ url: `https://hook${path}` }, timeoutMs);
  return Promise.resolve({ asker, question, close: () => Promise.resolve() });
});

describe('the HTTPS asker', () => {
  let hook: Hook;
  const asker = new HttpsAsker();
  beforeAll(async () => {
    hook = await Hook.start();
  });
  afterAll(async () => {
    asker.close();
    await hook.stop();
  });
  const ask = (path: string, more: Partial<HttpsEndpoint> = {}): Promise<HttpsAnswer> =>
    asker.ask(questionTo(hook.to(path, more)));
  const why = async (path: string, more: Partial<HttpsEndpoint> = {}): Promise<string> => {
    const answer = await ask(path, more);
    return answer.is === 'failed' ? answer.why : `answered ${answer.status}`;
  };

  it('posts the question as JSON and keeps its connection', async () => {
    await ask('/echo');
    const before = hook.connections;
    for (let i = 0; i < 10; i++)
      expect(await ask('/body')).toEqual({ is: 'answered', status: 200, body: { asked: '/body', text: '{"a":1}' } });
    expect(hook.connections).toBe(before);
  });
  it('leaves nothing behind on a connection that it keeps for many questions', async () => {
    const listeners: number[] = [];
    const count = (message: unknown): void => {
      const { socket } = (message as { readonly response: IncomingMessage }).response;
      listeners.push(socket.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0));
    };
    subscribe('http.client.response.finish', count);
    for (let i = 0; i < 5; i++) await ask('/echo');
    unsubscribe('http.client.response.finish', count);
    expect(listeners).toEqual(Array(5).fill(listeners[0]));
  });
  it('believes only a certificate of the right authority and name', async () => {
    const other = await openMemoryKeys();
    const unknown = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
    expect(await why('/echo', { caBundle: base64(other.caCertificate) })).toBe(unknown);
    const { caBundle: _caBundle, ...byTheSystem } = hook.to('/echo');
    expect(await asker.ask(questionTo(byTheSystem))).toEqual({ is: 'failed', why: unknown });
    expect(await why('/echo', { serverName: 'other.team.svc' })).toContain('certificate is not valid for the name');
    expect(await why('/echo', { caBundle: base64('no certificate') })).not.toContain('answered');
  });
  it('verifies an IP address in a URL too', async () => {
    const { caBundle = '' } = hook.to('');
    const byAddress = { url: `https://127.0.0.1:${hook.port}/echo`, caBundle };
    expect(await asker.ask(questionTo(byAddress))).toMatchObject({ is: 'answered' });
  });
  it('does not follow redirects, and reads an answer that is no JSON as text', async () => {
    expect(await ask('/redirect')).toMatchObject({ is: 'answered', status: 302 });
    expect(await ask('/text')).toEqual({ is: 'answered', status: 500, body: 'it broke' });
  });
  it('reads no more of an answer than its bound', async () => {
    expect(await why('/large')).toBe(`the answer has more than ${ANSWER_BYTES_MAX} bytes`);
  });
  it('tries the next address where it cannot connect, and no other after the question was sent', async () => {
    const dead = { host: '127.0.0.1', port: await freePort() };
    const live = { host: '127.0.0.1', port: hook.port };
    expect(await ask('/echo', { addresses: [dead, live] })).toMatchObject({ is: 'answered' });
    expect(await why('/echo', { addresses: [dead] })).toBe(
      `dial tcp 127.0.0.1:${dead.port}: connect: connection refused`,
    );
    const before = hook.clients.length;
    expect(await why('/reset', { addresses: [live, live] })).toBe('EOF');
    expect(hook.clients.length).toBe(before + 1);
  });
  it('shows its certificate to servers that ask for one', async () => {
    const { certificate, privateKey } = await hook.keys.issueFrontProxyCertificate();
    const known = new HttpsAsker({ identity: { cert: certificate, key: privateKey } });
    expect(await known.ask(questionTo(hook.to('/echo')))).toMatchObject({ is: 'answered' });
    expect(hook.clients.at(-1)).toBe('front-proxy-client');
    known.close();
  });
  it('asks HTTPS servers only', async () => {
    expect(await why('', { url: 'http://hook.team.svc/' })).toContain('is no URL of an HTTPS server');
  });
  it('lets others have a server that is busy with many questions, and bounds those that wait', async () => {
    const own = new HttpsAsker();
    const slow = Array.from({ length: 1_500 }, () => own.ask(questionTo(hook.to('/never'), 1_000)));
    const answers = await Promise.all(slow);
    const refused = answers.filter((answer) => answer.is === 'failed' && answer.why.includes('too many requests'));
    expect(refused.length).toBe(1_500 - 128 - 1_024);
    own.close();
  });
});
