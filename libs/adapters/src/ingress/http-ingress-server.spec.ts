import { afterEach, describe, expect, it } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { IngressCertificate } from '#model';
import { createAuthority, createCertificate } from '../keys/certificates.js';
import { HttpIngressServer } from './http-ingress-server.js';
import { ask, backend, deaf, ends, says, seenIn, send, started, to } from './test-server.js';

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

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
    const seen = seenIn(text);
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
      old.close();
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

describe('what a backend is told', () => {
  it('is the host and the path that were routed, also of an absolute target', async () => {
    const web = await backend('web');
    const asked: unknown[] = [];
    const server = await started((host, path) => {
      asked.push([host, path]);
      return to(web);
    });
    for (const [target, host, url] of [
      ['http://Admin.internal:81/a?b', 'Admin.internal:81', '/a?b'],
      ['http://admin.internal', 'admin.internal', '/'],
      ['http://admin.internal?b', 'admin.internal', '/?b'],
    ] as const) {
      const text = await send(server.http, `GET ${target} HTTP/1.1\r\nHost: public\r\nConnection: close\r\n\r\n`);
      const seen = seenIn(text);
      expect([seen.url, seen.headers['host'], seen.headers['x-forwarded-host']]).toEqual([url, host, host]);
    }
    expect(asked).toEqual([
      ['admin.internal', '/a'],
      ['admin.internal', '/'],
      ['admin.internal', '/'],
    ]);
  });
  it.each([
    'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n',
    'GET ftp://b/ HTTP/1.1\r\nHost: a\r\n',
    'GET http://user@b/ HTTP/1.1\r\nHost: a\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nUpgrade: x\r\nConnection: upgrade, ',
  ])('is nothing where it is not clear which host is meant', async (head) => {
    const server = await started(() => to());
    const more = head.endsWith(', ') ? 'close' : 'Connection: close';
    expect(await send(server.http, `${head}${more}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
  });
  it('has the framing and the host of the request, whatever Connection names', async () => {
    const server = await started(await backend('web').then((web) => () => to(web)));
    const text = await send(
      server.http,
      'POST / HTTP/1.1\r\nHost: h\r\nConnection: close, Content-Length, Host, Transfer-Encoding\r\nContent-Length: 5\r\n\r\nhello',
    );
    const { body, headers } = seenIn(text);
    expect([body, headers['host'], headers['content-length'], headers['transfer-encoding']]).toEqual([
      'hello',
      'h',
      '5',
      undefined,
    ]);
  });
  it('has no header that a backend may take for one of ours', async () => {
    const server = await started(await backend('web').then((web) => () => to(web)));
    const headers = { X_Forwarded_For: '1.2.3.4', 'X-Real_Ip': '1.2.3.4', X_Own: 'kept' };
    const seen = seenIn((await ask(server.http, { headers })).text);
    expect(Object.keys(seen.headers).filter((name) => name.includes('_'))).toEqual(['x_own']);
  });
  it.each([
    ['POST', 'keep-alive', 'Content-Length: 5', 'hello'],
    ['POST', 'Upgrade', 'Content-Length: 5', 'hello'],
    ['GET', 'Upgrade', 'Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'],
  ])(
    'has the body of a request that would have another protocol: %s, %s',
    async (method, connection, framing, body) => {
      const server = await started(await backend('web').then((web) => () => to(web)));
      const head = `${method} / HTTP/1.1\r\nHost: h\r\nConnection: ${connection}\r\nUpgrade: h2c\r\n${framing}`;
      const text = await send(
        server.http,
        `${head}\r\n\r\n${body}GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
      );
      const seen = seenIn(text);
      expect([seen.body, seen.headers['upgrade']]).toEqual(['hello', undefined]);
    },
  );
});

describe('an answer', () => {
  it.each([
    ['000 No', 502],
    ['099 No', 502],
    ['600 No', 502],
    ['200 a\x01b', 200],
    ['200 \xe4', 200],
    ['418 I am a teapot', 418],
  ])('%j has status %d, and the next one comes', async (line, status) => {
    const bad = await says(`HTTP/1.1 ${line}\r\nContent-Length: 0\r\n\r\n`);
    const server = await started(() => to(bad));
    expect((await ask(server.http)).status).toBe(status);
    const tunnel = await send(server.http, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    expect(tunnel).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\x20-\\x7e]*\r\n`));
    const good = await backend('good');
    server.route = () => to(good);
    expect((await ask(server.http)).status).toBe(200);
  });
  it('that cannot be asked for ends one connection', async () => {
    const server = await started(() => to({ address: '127.0.0.1', port: 70_000, isLocal: true }));
    await expect(ask(server.http)).rejects.toThrow('socket hang up');
    expect(await send(server.http, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')).toBe('');
    expect(server.log).toEqual(Array(2).fill('ingress: a connection was closed by an error: ERR_SOCKET_BAD_PORT'));
    const good = await backend('good');
    server.route = () => to(good);
    expect((await ask(server.http)).status).toBe(200);
  });
  it('that the client does not take ends', async () => {
    const cut = new Promise<void>((done) => {
      const much = Buffer.alloc(2 ** 20);
      const pour = (socket: Socket): void => {
        const more = (): void => void (socket.destroyed || socket.write(much, more));
        socket.on('close', done);
        more();
      };
      void says('HTTP/1.1 200 OK\r\n\r\n', pour).then(async (web) => {
        const server = await started(() => to(web), { stallMs: 100, attemptsMs: 15_000 });
        const client = connect(server.http, '127.0.0.1');
        client.on('error', () => undefined);
        client.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
        client.pause();
        ends.push(() => client.destroy());
      });
    });
    await cut;
  });
  it('is not waited for from one backend after the other without an end', async () => {
    const [gone, good] = [await deaf(), await backend('good')];
    const server = await started(() => to(gone, good), { stallMs: 60_000, attemptsMs: 0 });
    expect((await ask(server.http)).status).toBe(502);
    expect((await ask(server.http)).status).toBe(200);
  });
});

describe('stop', () => {
  it('ends a connection for another protocol that no backend has answered yet', async () => {
    let isAsked: () => void = () => undefined;
    const asked = new Promise<void>((done) => (isAsked = done));
    const silent = await says('', () => isAsked());
    const server = await started(() => to(silent));
    const answered = send(server.http, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    await asked;
    await server.stop();
    expect(await answered).toBe('');
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
