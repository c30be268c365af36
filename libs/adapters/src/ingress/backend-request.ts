import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Backend } from '#model';

const CONNECT_MS = 3_000;
/** A backend that says nothing for so long is given up. */
const SILENCE_MS = 60_000;

export interface BackendRequest {
  readonly incoming: IncomingMessage;
  readonly headers: string[];
  readonly backends: readonly Backend[];
}
export interface BackendEvents {
  response(message: IncomingMessage): void;
  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** No backend could be connected to, or the one that was did not answer. */
  failed(status: 502 | 504, message: string): void;
}

/** Connects to the first backend that takes the connection. What one may have seen of a request is sent to no other. */
export function askBackends(request: BackendRequest, events: BackendEvents): () => void {
  let current: ClientRequest | undefined;
  let isOver = false;
  const attempt = (index: number): void => {
    const backend = request.backends[index];
    if (!backend || isOver) return;
    current = open(request, backend, {
      ...events,
      unreachable: (why) => {
        if (isOver) return;
        if (index + 1 < request.backends.length) attempt(index + 1);
        else events.failed(502, why);
      },
    });
  };
  attempt(0);
  return () => {
    isOver = true;
    current?.destroy();
  };
}

interface Attempt extends BackendEvents {
  unreachable(why: string): void;
}
function open({ incoming, headers }: BackendRequest, { address, port }: Backend, events: Attempt): ClientRequest {
  const outgoing = httpRequest({
    host: address,
    port,
    method: incoming.method ?? 'GET',
    path: incoming.url ?? '/',
    headers,
    setHost: false,
    agent: false,
    timeout: CONNECT_MS,
  });
  let isConnected = false;
  let isAnswered = false;
  let isTimedOut = false;
  outgoing.on('socket', (socket) =>
    socket.once('connect', () => {
      isConnected = true;
      outgoing.setTimeout(SILENCE_MS);
      // What follows a request for another protocol is no body.
      if (incoming.headers.upgrade === undefined) incoming.pipe(outgoing);
      else outgoing.end();
    }),
  );
  outgoing.on('timeout', () => {
    isTimedOut = true;
    outgoing.destroy(new Error('it took too long'));
  });
  outgoing.on('response', (message) => {
    isAnswered = true;
    outgoing.setTimeout(0);
    events.response(message);
  });
  outgoing.on('upgrade', (message, socket, head) => {
    isAnswered = true;
    outgoing.setTimeout(0);
    events.upgrade(message, socket, head);
  });
  outgoing.on('error', (error) => {
    if (!isConnected) events.unreachable(error.message);
    else if (!isAnswered) events.failed(isTimedOut ? 504 : 502, error.message);
  });
  return outgoing;
}
