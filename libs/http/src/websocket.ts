import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
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

/** Goes on as a WebSocket in the first protocol of the client's that is known here. It is paused: resume it to read. */
export function acceptWebSocket({ request, upgrade }: Call, known: readonly string[]): Promise<Accepted> | HttpRefusal {
  const header = request.headers['sec-websocket-protocol'];
  if (!upgrade || request.headers.upgrade?.toLowerCase() !== 'websocket')
    return answers.badRequest('Upgrade request required');
  const offered = (header ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const protocol = offered.length === 0 ? '' : offered.find((name) => known.includes(name));
  if (protocol === undefined)
    return answers.badRequest(`unable to upgrade: none of the protocols ${offered.join(', ')} is supported`);
  delete request.headers['sec-websocket-protocol'];
  return new Promise((resolve) => {
    const chosen = (headers: string[]): void =>
      void (protocol !== '' && headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
    server.once('headers', chosen);
    server.handleUpgrade(request as IncomingMessage, upgrade.take(), upgrade.head, (socket) => {
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
