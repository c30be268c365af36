import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Api } from './api.js';
import { refusalAnswer } from './answer.js';
import type { AnyRequest } from './authenticate.js';
import type { AnyResponse } from './answer.js';
import { statusOf, answers } from './status.js';

/** PEM texts of the server. Clients may show a certificate of `clientCa`; without one they are anonymous. */
export interface TlsOptions {
  readonly certificate: string;
  readonly privateKey: string;
  readonly clientCa: string;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * An HTTPS server for HTTP/2 and HTTP/1.1. Requests of the Kubernetes API go straight to it, past any framework; the rest
 * goes to `other` (the Nest app's own pages), or is answered by the API too.
 */
export function createApiServer(
  api: Api,
  tls: TlsOptions,
  other?: { owns(path: string): boolean; listener: Listener },
): Http2SecureServer {
  const server = createSecureServer(
    {
      allowHTTP1: true,
      cert: tls.certificate,
      key: tls.privateKey,
      ca: tls.clientCa,
      requestCert: true,
      // A certificate of somebody else is answered 401, not by a broken handshake.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      settings: { maxConcurrentStreams: 1000, initialWindowSize: 1024 * 1024 },
    },
    (request, response) => {
      if (other?.owns(request.url))
        other.listener(request as unknown as IncomingMessage, response as unknown as ServerResponse);
      else api.handle(request as AnyRequest, response as AnyResponse);
    },
  );
  // Only HTTP/1.1 knows it: WebSockets come that way.
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => api.upgrade(request, socket, head));
  server.on('session', (session) => session.setLocalWindowSize(4 * 1024 * 1024));
  // Idle connections of HTTP/1.1 clients stay: watches and pollers come back to them.
  Object.assign(server, { keepAliveTimeout: 180_000, headersTimeout: 60_000, requestTimeout: 0 });
  server.on('connection', (socket: { setNoDelay(on: boolean): void }) => socket.setNoDelay(true));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => answerUnparsed(error, socket));
  return server;
}

/** Node's parser turns methods down that it does not know; Kubernetes answers them like any wrong method. */
function answerUnparsed(error: NodeJS.ErrnoException, socket: TLSSocket): void {
  if (!socket.writable) return socket.destroy() as unknown as void;
  const isMethod = error.code === 'HPE_INVALID_METHOD';
  const { code } = refusalAnswer(answers.methodNotAllowed);
  const body = isMethod ? `${JSON.stringify(statusOf(answers.methodNotAllowed))}\n` : '400 Bad Request';
  const type = isMethod ? 'application/json' : 'text/plain; charset=utf-8';
  const line = isMethod
    ? `${code} Method Not Allowed`
    : error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : '400 Bad Request';
  socket.end(
    `HTTP/1.1 ${line}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** The paths that belong to the Kubernetes API; an app may keep the others for itself. */
export function isApiPath(url: string): boolean {
  const path = url.split('?', 1)[0] ?? '';
  return (
    path === '/' || /^\/(api|apis|at|healthz|livez|readyz|version|openapi|openid|\.well-known|metrics)(\/|$)/.test(path)
  );
}
