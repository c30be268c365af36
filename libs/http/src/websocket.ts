import { ServerResponse, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { ClientGone } from './body/request-body.js';
import type { Call } from './call.js';
import { answers, type HttpRefusal } from './status.js';

/** The connection of a request that asked for another protocol. */
export interface Upgrade {
  readonly head: Buffer;
  /** The bare connection; the response that was on it is over. */
  take(): Duplex;
}

/** A request with `Upgrade` comes without a response: this is one, for all that is answered in HTTP after all. */
export function upgradable(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): { readonly response: ServerResponse; readonly upgrade: Upgrade } {
  const response = new ServerResponse(request);
  response.assignSocket(socket as Socket);
  response.shouldKeepAlive = false;
  response.once('finish', () => socket.end());
  socket.on('error', () => undefined);
  const take = (): Duplex => {
    response.detachSocket(socket as Socket);
    return socket;
  };
  return { response, upgrade: { head, take } };
}

// Names with a slash are no tokens of HTTP, and `ws` turns them down: protocols are agreed on here, not there.
const server = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  clientTracking: false,
  maxPayload: 32 * 1024 * 1024,
});

export interface Accepted {
  readonly socket: WebSocket;
  /** One of those offered and known; '' when the client named none. */
  readonly protocol: string;
}

/** A request for a WebSocket that can be granted. */
export interface Offer {
  readonly request: IncomingMessage;
  readonly upgrade: Upgrade;
  readonly protocol: string;
}

/** Checks a request for a WebSocket, and finds the first protocol of the client's that is known here. */
export function offeredWebSocket({ request, upgrade }: Call, known: readonly string[]): Offer | HttpRefusal {
  const { headers } = request;
  if (!upgrade || headers.upgrade?.toLowerCase() !== 'websocket') return answers.badRequest('Upgrade request required');
  if (request.method !== 'GET' || !isHandshake(headers))
    return answers.badRequest('unable to upgrade: the handshake is not one of WebSocket version 13');
  const offered = (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const protocol = offered.length === 0 ? '' : offered.find((name) => known.includes(name));
  if (protocol === undefined)
    return answers.badRequest(`unable to upgrade: none of the protocols ${offered.join(', ')} is supported`);
  return { request: request as IncomingMessage, upgrade, protocol };
}

/** What `ws` would answer by itself and tell nobody of. */
function isHandshake(headers: IncomingHttpHeaders): boolean {
  return headers['sec-websocket-version'] === '13' && /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '');
}

/** Goes on as a WebSocket. It is paused: resume it to read. */
export function acceptWebSocket({ request, upgrade, protocol }: Offer): Promise<Accepted> {
  delete request.headers['sec-websocket-protocol'];
  return new Promise((resolve, reject) => {
    const bare = upgrade.take();
    if (!bare.readable || !bare.writable) {
      bare.destroy();
      return reject(new ClientGone());
    }
    const chosen = (headers: string[]): void =>
      void (protocol !== '' && headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
    server.once('headers', chosen);
    server.handleUpgrade(request, bare, upgrade.head, (socket) => {
      socket.on('error', () => undefined);
      // Nothing is to be lost before somebody listens.
      socket.pause();
      resolve({ socket, protocol });
    });
    server.off('headers', chosen);
  });
}

/** Resolves when the bytes are on their way, so that a slow client slows its source down. */
export function sendMessage(socket: WebSocket, data: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => socket.send(data, (error) => (error ? reject(error) : resolve())));
}
