import { createHash } from 'node:crypto';
import { ServerResponse, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { AnyRequest } from './authenticate.js';
import { ClientGone } from './body/request-body.js';
import { answers, type HttpRefusal } from './status.js';
import { ServerSocket } from './websocket/server-socket.js';

/** The connection of a request that asked for another protocol. */
export interface Upgrade {
  readonly head: Buffer;
  /** Emits `close` when the client is gone, whatever the connection is used for. */
  readonly socket: Duplex;
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
  return { response, upgrade: { head, socket, take } };
}

export interface Accepted {
  readonly socket: ServerSocket;
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
export function offeredWebSocket(
  { request, upgrade }: { readonly request: AnyRequest; readonly upgrade: Upgrade | undefined },
  known: readonly string[],
): Offer | HttpRefusal {
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

function isHandshake(headers: IncomingHttpHeaders): boolean {
  return headers['sec-websocket-version'] === '13' && /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '');
}

/** Goes on as a WebSocket. It is paused: resume it to read. */
export function acceptWebSocket({ request, upgrade, protocol }: Offer): Promise<Accepted> {
  const bare = upgrade.take();
  if (!bare.readable || !bare.writable) {
    bare.destroy();
    return Promise.reject(new ClientGone());
  }
  const key = request.headers['sec-websocket-key'] ?? '';
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${createHash('sha1').update(`${key}${ACCEPTED}`).digest('base64')}`,
    ...(protocol === '' ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ];
  bare.write(`${lines.join('\r\n')}\r\n\r\n`);
  return Promise.resolve({ socket: new ServerSocket(bare, upgrade.head), protocol });
}
/** Of RFC 6455: shows that the server knows the protocol. */
const ACCEPTED = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
