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
import { askBackends, guarded, PROBE_AFTER_MS, type BackendEvents } from './backend-request.js';
import {
  asksForUpgrade,
  endToEnd,
  hostOf,
  isTunnel,
  pathOf,
  requestHeaders,
  targetOf,
  type Client,
  type Target,
} from './headers.js';

const CONNECTIONS_MAX = 10_000;
const HEADERS_MS = 30_000;
const IDLE_MS = 75_000;
const STOP_MS = 5_000;
const SOCKETS = { keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS } as const;

export interface IngressLimits {
  /** A client that takes nothing of its answer for so long is cut off. */
  readonly stallMs: number;
  /** How long backends are tried that take no connection. */
  readonly attemptsMs: number;
}
const LIMITS: IngressLimits = { stallMs: 60_000, attemptsMs: 15_000 };

/** Forwards HTTP/1.1, WebSocket and other upgrades among it; TLS ends here. */
export class HttpIngressServer implements IngressServer {
  private service: IngressService | undefined;
  private servers: readonly Server[] = [];
  private readonly tunnels = new Set<Duplex>();
  private readonly contexts = new WeakMap<IngressCertificate, SecureContext>();
  private turn = 0;

  constructor(
    private readonly log: (line: string) => void = () => undefined,
    private readonly limits: IngressLimits = LIMITS,
  ) {}

  async serve(service: IngressService): Promise<void> {
    this.service = service;
    if (this.servers.length > 0) return;
    const { http, https } = service.ports;
    const secure = createHttpsServer({
      ...SOCKETS,
      shouldUpgradeCallback: isTunnel,
      SNICallback: (name, done) => this.context(name, done),
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
    });
    const servers = [createHttpServer({ ...SOCKETS, shouldUpgradeCallback: isTunnel }), secure];
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
    this.closeTunnels();
    await Promise.all(
      servers.map(
        (server) =>
          new Promise<void>((done) => {
            const late = setTimeout(() => {
              server.closeAllConnections();
              this.closeTunnels();
            }, STOP_MS);
            server.close(() => {
              clearTimeout(late);
              done();
            });
            server.closeIdleConnections();
          }),
      ),
    );
  }

  private closeTunnels(): void {
    for (const tunnel of this.tunnels) tunnel.destroy();
  }

  private prepare(server: Server, isSecure: boolean): void {
    server.maxConnections = CONNECTIONS_MAX;
    server.headersTimeout = HEADERS_MS;
    // A long upload is no fault of the client.
    server.requestTimeout = 0;
    server.keepAliveTimeout = IDLE_MS;
    server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      guarded(
        () => this.forward(request, response, isSecure),
        (error) => this.broken(request.socket, error),
      )(),
    );
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      guarded(
        () => {
          if (head.length > 0) socket.unshift(head);
          this.tunnel(request, socket, isSecure);
        },
        (error) => this.broken(socket, error),
      )(),
    );
    server.on('clientError', (_error, socket: Duplex) => {
      (socket as Socket).setTimeout(this.limits.stallMs, () => socket.destroy());
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

  private route({ host, path }: Target): IngressRoute {
    const missing: IngressRoute = { is: 'refused', status: 503, message: 'nothing is served' };
    return this.service?.route(hostOf(host), pathOf(path)) ?? missing;
  }
  /** The message may quote what a client or a backend has sent. */
  private broken(socket: Duplex, error: unknown): void {
    this.log(`ingress: a connection was closed by an error: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`);
    socket.destroy();
  }
  /** In turn, so that each gets its part, and the others after it, should it not take the connection. */
  private inTurn(backends: readonly Backend[]): readonly Backend[] {
    const first = this.turn++ % backends.length;
    return [...backends.slice(first), ...backends.slice(0, first)];
  }

  private forward(request: IncomingMessage, response: ServerResponse, isSecure: boolean): void {
    // Silence is no fault as long as nothing waits to be taken.
    response.setTimeout(this.limits.stallMs, () => {
      if (response.writableLength > 0) request.socket.destroy();
    });
    // Node's parser reads nothing after such a request.
    if (asksForUpgrade(request)) response.setHeader('Connection', 'close');
    const target = targetOf(request);
    if (!target) return refuse(response, 400, BAD_TARGET);
    const route = this.route(target);
    if (route.is === 'refused') return refuse(response, route.status, route.message);
    const cancel = askBackends(
      {
        incoming: request,
        path: target.path,
        headers: requestHeaders(request, target, clientOf(request, isSecure)),
        isTunnel: false,
        backends: this.inTurn(route.backends),
        attemptsMs: this.limits.attemptsMs,
      },
      {
        response: (message) => {
          response.writeHead(message.statusCode ?? 502, reasonOf(message), endToEnd(message).flat());
          message.pipe(response);
          message.on('error', () => response.destroy());
        },
        upgrade: (_message, socket) => {
          socket.destroy();
          refuse(response, 502, `${route.service} changed the protocol without being asked`);
        },
        failed: (status, why) => refuse(response, status, `${route.service} did not answer: ${why}`),
        broken: (error) => this.broken(request.socket, error),
      },
    );
    response.on('close', () => {
      if (!response.writableFinished) cancel();
    });
  }

  private tunnel(request: IncomingMessage, socket: Duplex, isSecure: boolean): void {
    // From here on it is no connection of the HTTP server, which would close it.
    this.tunnels.add(socket);
    socket.on('close', () => this.tunnels.delete(socket));
    socket.on('error', () => socket.destroy());
    (socket as Socket).setTimeout(this.limits.stallMs, () => {
      if (socket.writableLength > 0 || socket.writableEnded) socket.destroy();
    });
    const target = targetOf(request);
    if (!target) return answer(socket, 400, BAD_TARGET);
    const route = this.route(target);
    if (route.is === 'refused') return answer(socket, route.status, route.message);
    const headers = requestHeaders(request, target, clientOf(request, isSecure));
    headers.push('Connection', 'Upgrade', 'Upgrade', request.headers.upgrade ?? '');
    const events: BackendEvents = {
      // It does not want to: the answer is the client's.
      response: (message) => {
        const lines = headLines(message, endToEnd(message));
        socket.write(`${lines}Connection: close\r\n\r\n`);
        message.pipe(socket);
        message.on('error', () => socket.destroy());
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
      broken: (error) => this.broken(socket, error),
    };
    const { attemptsMs } = this.limits;
    const backends = this.inTurn(route.backends);
    const { path } = target;
    const cancel = askBackends({ incoming: request, path, headers, isTunnel: true, backends, attemptsMs }, events);
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

const BAD_TARGET = 'the request names two hosts, or its target is neither a path nor an http URL';
const PRINTABLE = /^[\x20-\x7e]*$/;
/** The reason that a backend gave; undefined where it is no text for a status line. */
function reasonOf({ statusMessage = '' }: IncomingMessage): string | undefined {
  return PRINTABLE.test(statusMessage) ? statusMessage : undefined;
}

function clientOf({ socket }: IncomingMessage, isSecure: boolean): Client {
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
  const first = `HTTP/1.1 ${message.statusCode} ${reasonOf(message) ?? ''}\r\n`;
  return first + pairs.map(([name, value]) => `${name}: ${value}\r\n`).join('');
}
