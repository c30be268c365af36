import type { IncomingMessage } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { Api } from './api.js';
import type { AnyRequest } from './authenticate.js';
import type { AnyResponse } from './answer.js';
import { CONNECTION_LIMITS, ConnectionsByAddress } from './connection-limits.js';
import { HEADER_BYTES_MAX, URL_BYTES_MAX } from './request-bounds.js';
import { statusOf, answers } from './status.js';

/** PEM texts of the server. Clients may show a certificate of one of `clientCa`; without one they are anonymous. */
export interface TlsOptions {
  readonly certificate: string;
  readonly privateKey: string;
  readonly clientCa: string;
}

/** Node counts the URL as well. What exceeds one of the two alone is answered with the reason, by the API. */
const HEAD_BYTES_MAX = URL_BYTES_MAX + HEADER_BYTES_MAX;

/** An HTTPS server for HTTP/2 and HTTP/1.1. Requests go straight to the API, past any framework. */
export function createApiServer(api: Api, tls: TlsOptions, limits = CONNECTION_LIMITS): Http2SecureServer {
  const server = createSecureServer(
    {
      allowHTTP1: true,
      ...contextOf(tls),
      requestCert: true,
      // A certificate of somebody else is answered 401, not by a broken handshake.
      rejectUnauthorized: false,
      settings: { maxConcurrentStreams: 1000, initialWindowSize: 1024 * 1024, maxHeaderListSize: HEAD_BYTES_MAX },
    },
    (request, response) => api.handle(request as AnyRequest, response as AnyResponse),
  );
  // Only HTTP/1.1 knows it: WebSockets come that way.
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => api.upgrade(request, socket, head));
  server.on('session', (session) => session.setLocalWindowSize(4 * 1024 * 1024));
  // What HTTP/1.1 has for itself. Idle connections stay: watches and pollers come back to them.
  Object.assign(server, {
    keepAliveTimeout: 180_000,
    headersTimeout: 60_000,
    // For the request alone, a large body included: watches and logs are answers.
    requestTimeout: 300_000,
    maxHeaderSize: HEAD_BYTES_MAX,
    // A client may offer other protocols: its request is then served as if it had not. Aggregated servers have any.
    shouldUpgradeCallback: ({ headers, url = '' }: IncomingMessage) =>
      headers.upgrade?.toLowerCase() === 'websocket' || (headers.upgrade !== undefined && url.startsWith('/apis/')),
  });
  server.on('connection', (socket: { setNoDelay(on: boolean): void }) => socket.setNoDelay(true));
  server.maxConnections = limits.inAll;
  const connections = new ConnectionsByAddress(limits.perAddress);
  server.on('secureConnection', (socket: TLSSocket) => connections.take(socket));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => answerUnparsed(error, socket));
  return server;
}

/** Takes other certificates into use, for connections from now on; those that are open stay. */
export function renewTls(server: Http2SecureServer, tls: TlsOptions): void {
  server.setSecureContext(contextOf(tls));
}

function contextOf({ certificate, privateKey, clientCa }: TlsOptions): SecureContextOptions {
  return { cert: certificate, key: privateKey, ca: clientCa, minVersion: 'TLSv1.2' };
}

const UNPARSED: ReadonlyMap<string, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);

/** Node's parser turns methods down that it does not know; Kubernetes answers them like any wrong method. */
function answerUnparsed(error: NodeJS.ErrnoException, socket: TLSSocket): void {
  if (!socket.writable) return socket.destroy() as unknown as void;
  const isMethod = error.code === 'HPE_INVALID_METHOD';
  const line = isMethod ? '405 Method Not Allowed' : (UNPARSED.get(error.code ?? '') ?? '400 Bad Request');
  const body = isMethod ? `${JSON.stringify(statusOf(answers.methodNotAllowed))}\n` : line;
  const type = isMethod ? 'application/json' : 'text/plain; charset=utf-8';
  socket.end(
    `HTTP/1.1 ${line}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
