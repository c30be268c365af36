import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Backend, IngressCertificate, IngressRoute } from '#model';
import type { IngressServer, IngressService } from '#ports';
import { askBackends } from './backend-request.js';
import { endToEnd, hostOf, pathOf, requestHeaders } from './headers.js';

const CONNECTIONS_MAX = 10_000;
const HEADERS_MS = 30_000;
const IDLE_MS = 75_000;
const STOP_MS = 5_000;

/** Forwards HTTP/1.1, WebSocket and other upgrades among it; TLS ends here. */
export class HttpIngressServer implements IngressServer {
  private service: IngressService | undefined;
  private servers: readonly Server[] = [];
  private readonly tunnels = new Set<Duplex>();
  private readonly contexts = new WeakMap<IngressCertificate, SecureContext>();
  private turn = 0;

  constructor(private readonly log: (line: string) => void = () => undefined) {}

  async serve(service: IngressService): Promise<void> {
    this.service = service;
    if (this.servers.length > 0) return;
    const { http, https } = service.ports;
    const secure = createHttpsServer({
      SNICallback: (name, done) => this.context(name, done),
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
    });
    const servers = [createHttpServer(), secure];
    for (const server of servers) this.prepare(server, server === secure);
    const [plain] = servers;
    try {
      await Promise.all([listen(plain as Server, http), listen(secure, https)]);
    } catch (error) {
      for (const server of servers) server.close();
      throw error;
    }
    this.servers = servers;
  }

  /** Ports at which it listens: of tests, which ask for any. */
  get ports(): readonly number[] {
    return this.servers.map((server) => (server.address() as { readonly port: number }).port);
  }

  async stop(): Promise<void> {
    const { servers } = this;
    this.servers = [];
    for (const tunnel of this.tunnels) tunnel.destroy();
    await Promise.all(
      servers.map(
        (server) =>
          new Promise<void>((done) => {
            const late = setTimeout(() => server.closeAllConnections(), STOP_MS);
            server.close(() => {
              clearTimeout(late);
              done();
            });
            server.closeIdleConnections();
          }),
      ),
    );
  }

  private prepare(server: Server, isSecure: boolean): void {
    server.maxConnections = CONNECTIONS_MAX;
    server.headersTimeout = HEADERS_MS;
    // A long upload is no fault of the client.
    server.requestTimeout = 0;
    server.keepAliveTimeout = IDLE_MS;
    server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      this.forward(request, response, isSecure),
    );
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (head.length > 0) socket.unshift(head);
      this.tunnel(request, socket, isSecure);
    });
    server.on('clientError', (_error, socket: Duplex) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      else socket.destroy();
    });
    server.on('tlsClientError', (_error: Error, socket: Duplex) => socket.destroy());
  }

  private context(name: string, done: (error: Error | null, context?: SecureContext) => void): void {
    const certificate = this.service?.certificate(hostOf(name) ?? '');
    if (!certificate) return done(new Error('no Ingress has a certificate for this host'));
    try {
      const known =
        this.contexts.get(certificate) ?? createSecureContext({ cert: certificate.certificate, key: certificate.key });
      this.contexts.set(certificate, known);
      done(null, known);
    } catch {
      // The message of OpenSSL may quote what is in the Secret.
      this.log(`ingress: Secret ${certificate.secret} holds no certificate and key that belong together`);
      done(new Error('the certificate of this host cannot be used'));
    }
  }

  private route(request: IncomingMessage): IngressRoute {
    const missing: IngressRoute = { is: 'refused', status: 503, message: 'nothing is served' };
    return this.service?.route(hostOf(request.headers.host), pathOf(request.url ?? '/')) ?? missing;
  }
  /** In turn, so that each gets its part, and the others after it, should it not take the connection. */
  private inTurn(backends: readonly Backend[]): readonly Backend[] {
    const first = this.turn++ % backends.length;
    return [...backends.slice(first), ...backends.slice(0, first)];
  }

  private forward(request: IncomingMessage, response: ServerResponse, isSecure: boolean): void {
    const route = this.route(request);
    if (route.is === 'refused') return refuse(response, route.status, route.message);
    const cancel = askBackends(
      {
        incoming: request,
        headers: requestHeaders(request, clientOf(request, isSecure)),
        backends: this.inTurn(route.backends),
      },
      {
        response: (message) => {
          response.writeHead(message.statusCode ?? 502, message.statusMessage, endToEnd(message).flat());
          message.pipe(response);
          message.on('error', () => response.destroy());
        },
        upgrade: (_message, socket) => {
          socket.destroy();
          refuse(response, 502, `${route.service} changed the protocol without being asked`);
        },
        failed: (status, why) => refuse(response, status, `${route.service} did not answer: ${why}`),
      },
    );
    response.on('close', () => {
      if (!response.writableFinished) cancel();
    });
  }

  private tunnel(request: IncomingMessage, socket: Duplex, isSecure: boolean): void {
    socket.on('error', () => socket.destroy());
    const route = this.route(request);
    if (route.is === 'refused') return answer(socket, route.status, route.message);
    const headers = requestHeaders(request, clientOf(request, isSecure));
    headers.push('Connection', 'Upgrade', 'Upgrade', request.headers.upgrade ?? '');
    const cancel = askBackends(
      { incoming: request, headers, backends: this.inTurn(route.backends) },
      {
        // It does not want to: the answer is the client's.
        response: (message) => {
          const lines = headLines(message, endToEnd(message));
          socket.write(`${lines}Connection: close\r\n\r\n`);
          message.pipe(socket);
        },
        upgrade: (message, backend, head) => {
          const pairs = [
            ...endToEnd(message),
            ['Connection', 'Upgrade'],
            ['Upgrade', message.headers.upgrade ?? ''],
          ] as const;
          socket.write(`${headLines(message, pairs)}\r\n`);
          if (head.length > 0) socket.write(head);
          this.join(socket, backend);
        },
        failed: (status, why) => answer(socket, status, `${route.service} did not answer: ${why}`),
      },
    );
    socket.on('close', cancel);
  }
  private join(client: Duplex, backend: Duplex): void {
    for (const [from, to] of [
      [client, backend],
      [backend, client],
    ] as const) {
      this.tunnels.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.tunnels.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((done, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      failed(new Error(error.code === 'EADDRINUSE' ? `port ${port} is taken` : error.message, { cause: error })),
    );
    server.listen(port, done);
  });
}

function clientOf({ socket }: IncomingMessage, isSecure: boolean): Parameters<typeof requestHeaders>[1] {
  const { remoteAddress = '', localPort = 0 } = socket as Socket;
  return { address: remoteAddress.replace(/^::ffff:/, ''), port: localPort, isSecure };
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
}
function answer(socket: Duplex, status: number, message: string): void {
  const text = `${message}\n`;
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: text/plain; charset=utf-8`;
  socket.end(`${head}\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`);
}
function headLines(message: IncomingMessage, pairs: readonly (readonly [string, string])[]): string {
  const first = `HTTP/1.1 ${message.statusCode} ${message.statusMessage}\r\n`;
  return first + pairs.map(([name, value]) => `${name}: ${value}\r\n`).join('');
}
