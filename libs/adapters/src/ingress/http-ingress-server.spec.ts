import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Backend, IngressCertificate, IngressRoute } from '#model';
import { createAuthority, createCertificate } from '../keys/certificates.js';
import { HttpIngressServer } from './http-ingress-server.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A backend that says who it is and what it was sent. */
async function backend(name: string, handle?: (server: Server) => void): Promise<Backend> {
  const server = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (data: Buffer) => (body += data.toString()));
    incoming.on('end', () => {
      response.setHeader('X-Own', name);
      response.end(JSON.stringify({ name, url: incoming.url, headers: incoming.headers, body }));
    });
  });
  handle?.(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port, isLocal: true };
}
/** A port that nobody listens at. */
async function deaf(): Promise<Backend> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return { address: '127.0.0.1', port, isLocal: true };
}
const to = (...backends: readonly Backend[]): IngressRoute => ({
  is: 'backends',
  service: 'default/web:http',
  backends,
});

interface Started {
  readonly http: number;
  readonly https: number;
  route: (host: string | undefined, path: string) => IngressRoute;
  certificate: (host: string) => IngressCertificate | undefined;
  readonly log: string[];
}
async function started(route: Started['route'] = () => to()): Promise<Started> {
  const log: string[] = [];
  const server = new HttpIngressServer((line) => log.push(line));
  const now = { route, certificate: (_host: string): IngressCertificate | undefined => undefined };
  await server.serve({
    ports: { http: 0, https: 0 },
    route: (host, path) => now.route(host, path),
    certificate: (host) => now.certificate(host),
  });
  ends.push(() => server.stop());
  const [http = 0, https = 0] = server.ports;
  return Object.assign(now, { http, https, log });
}
interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}
function ask(
  port: number,
  options: { readonly path?: string; readonly headers?: object; readonly body?: string } = {},
): Promise<Answer> {
  const { path = '/', headers = {}, body } = options;
  return new Promise((done, failed) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        headers: headers as never,
        method: body === undefined ? 'GET' : 'POST',
        agent: false,
      },
      (response) => {
        let text = '';
        response.on('data', (data: Buffer) => (text += data.toString()));
        response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    outgoing.on('error', failed);
    outgoing.end(body);
  });
}

describe('a request', () => {
  it('reaches the backend of its route, whole, and tells it who the client is', async () => {
    const web = await backend('web');
    const asked: unknown[] = [];
    const server = await started((host, path) => {
      asked.push([host, path]);
      return to(web);
    });
    const { status, headers, text } = await ask(server.http, {
      path: '/a/b?c=d',
      headers: {
        Host: 'Web.Example.com:8080',
        'X-Forwarded-For': '1.2.3.4',
        Connection: 'X-Secret',
        'X-Secret': 's',
        A: 'b',
      },
      body: 'hello',
    });
    expect([status, headers['x-own']]).toEqual([200, 'web']);
    expect(asked).toEqual([['web.example.com', '/a/b']]);
    const seen = JSON.parse(text) as {
      readonly url: string;
      readonly body: string;
      readonly headers: Record<string, string>;
    };
    expect([seen.url, seen.body, seen.headers['a']]).toEqual(['/a/b?c=d', 'hello', 'b']);
    expect(seen.headers).toMatchObject({
      host: 'Web.Example.com:8080',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'Web.Example.com:8080',
    });
    expect(seen.headers['x-secret']).toBeUndefined();
  });
  it('goes to each backend in turn, and past one that takes no connection', async () => {
    const [a, b, gone] = [await backend('a'), await backend('b'), await deaf()];
    const server = await started(() => to(a, gone, b));
    const names = new Set<unknown>();
    for (let i = 0; i < 6; i++) {
      const { status, headers } = await ask(server.http);
      expect(status).toBe(200);
      names.add(headers['x-own']);
    }
    expect(names).toEqual(new Set(['a', 'b']));
  });
  it('that nobody can answer is refused with a sentence', async () => {
    const gone = await deaf();
    const server = await started((_host, path) =>
      path === '/gone' ? to(gone) : { is: 'refused', status: 404, message: 'no Ingress has a rule' },
    );
    expect(await ask(server.http)).toMatchObject({ status: 404, text: 'no Ingress has a rule\n' });
    const { status, text } = await ask(server.http, { path: '/gone' });
    expect([status, text]).toEqual([502, expect.stringContaining('default/web:http did not answer')]);
  });
  it('is not lost when routes change, nor when backends go one after the other', async () => {
    const server = await started();
    let current = await backend('0');
    server.route = () => to(current);
    let isOver = false;
    const client = async (): Promise<number> => {
      let count = 0;
      for (; !isOver; count++) expect((await ask(server.http, { body: 'x' })).status).toBe(200);
      return count;
    };
    const clients = [client(), client(), client()];
    for (let i = 1; i < 20; i++) {
      const next = await backend(String(i));
      const old = current;
      // As the endpoints of a rolling update: the new one is ready before the old one goes.
      server.route = () => to(old, next);
      await ask(server.http);
      current = next;
      server.route = () => to(current);
      await ask(server.http);
    }
    isOver = true;
    expect((await Promise.all(clients)).every((count) => count > 0)).toBe(true);
  });
  it('for another protocol becomes a tunnel, in which nothing is lost', async () => {
    const echo = await backend('echo', (server) =>
      server.on('upgrade', (_request, socket: Socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
        socket.pipe(socket);
      }),
    );
    const server = await started(() => to(echo));
    const socket = connect(server.http, '127.0.0.1');
    let text = '';
    socket.on('data', (data: Buffer) => (text += data.toString()));
    socket.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly');
    while (!text.endsWith('early')) await new Promise((done) => socket.once('data', done));
    expect(text).toMatch(/^HTTP\/1\.1 101 /);
    socket.write('late');
    while (!text.endsWith('earlylate')) await new Promise((done) => socket.once('data', done));
    socket.destroy();
  });
});

describe('TLS', () => {
  const MADE = Date.now();
  const DAY_MS = 86_400_000;
  async function certificate(cn: string): Promise<IngressCertificate> {
    const life = { made: MADE, ends: MADE + DAY_MS };
    const { issuer } = await createAuthority('test', life);
    const made = await createCertificate({ commonName: cn, dnsNames: [cn], usage: 'server' }, issuer, life);
    return { certificate: made.certificate.toString('pem'), key: made.privateKey, secret: `default/${cn}` };
  }
  const handshake = (
    port: number,
    servername: string,
  ): Promise<{ readonly cn: string; readonly socket: Socket } | undefined> =>
    new Promise((done) => {
      const socket = connectTls({ port, host: '127.0.0.1', servername, rejectUnauthorized: false }, () =>
        done({ cn: String(socket.getPeerCertificate().subject.CN), socket }),
      );
      socket.on('error', () => done(undefined));
      ends.push(() => socket.destroy());
    });

  it('has the certificate of the host, the next one from the next handshake on, and closes no connection for it', async () => {
    const web = await backend('web');
    const server = await started(() => to(web));
    expect(await handshake(server.https, 'h')).toBeUndefined();
    const [one, two] = [await certificate('one'), await certificate('two')];
    server.certificate = (host) => (host === 'h' ? one : undefined);
    const first = await handshake(server.https, 'h');
    expect(first?.cn).toBe('one');
    server.certificate = () => two;
    expect((await handshake(server.https, 'h'))?.cn).toBe('two');
    const answered = new Promise((done) => first?.socket.once('data', done));
    first?.socket.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    expect(String(await answered)).toMatch(/^HTTP\/1\.1 200 /);
    server.certificate = () => ({ certificate: 'none', key: 'secret words', secret: 'default/bad' });
    expect(await handshake(server.https, 'h')).toBeUndefined();
    expect(server.log).toEqual(['ingress: Secret default/bad holds no certificate and key that belong together']);
  });
  it('a port that is taken is said', async () => {
    const { http } = await started();
    await expect(
      new HttpIngressServer().serve({ ports: { http, https: 0 }, route: () => to(), certificate: () => undefined }),
    ).rejects.toThrow(`port ${http} is taken`);
  });
});
