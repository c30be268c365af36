import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Backend } from '#model';

const CONNECT_MS = 3_000;
/** A backend that says nothing for so long is given up. */
const SILENCE_MS = 60_000;
/** A connection is probed after so long without data, so that an end that is gone is noticed. */
export const PROBE_AFTER_MS = 30_000;
const STATUS_MIN = 200;
const STATUS_MAX = 599;

export interface BackendRequest {
  readonly incoming: IncomingMessage;
  readonly path: string;
  readonly headers: string[];
  /** What follows the request is another protocol, not its body. */
  readonly isTunnel: boolean;
  readonly backends: readonly Backend[];
  /** After so long no other backend is tried. */
  readonly attemptsMs: number;
}
export interface BackendEvents {
  /** With a status from 200 to 599. */
  response(message: IncomingMessage): void;
  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** No backend could be connected to, or the one that was did not answer. */
  failed(status: 502 | 504, message: string): void;
  /** Something that nobody foresaw was thrown: it ends the connection of the client. */
  broken(error: unknown): void;
}

/** Connects to the first backend that takes the connection. What one may have seen of a request is sent to no other. */
export function askBackends(request: BackendRequest, events: BackendEvents): () => void {
  const began = performance.now();
  let current: ClientRequest | undefined;
  let isOver = false;
  const attempt = (index: number): void => {
    const backend = request.backends[index];
    if (!backend || isOver) return;
    current = open(request, backend, {
      ...events,
      unreachable: (why) => {
        if (isOver) return;
        const isLast = index + 1 >= request.backends.length || performance.now() - began >= request.attemptsMs;
        if (isLast) events.failed(502, why);
        else attempt(index + 1);
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
function open(request: BackendRequest, { address, port }: Backend, events: Attempt): ClientRequest {
  const { incoming, path, headers, isTunnel } = request;
  const guard = <A extends unknown[]>(work: (...args: A) => void) => guarded(work, (error) => events.broken(error));
  const outgoing = httpRequest({
    host: address,
    port,
    method: incoming.method ?? 'GET',
    path,
    headers,
    setHost: false,
    agent: false,
    timeout: CONNECT_MS,
  });
  let isConnected = false;
  let isAnswered = false;
  let isTimedOut = false;
  outgoing.on('socket', (socket) =>
    socket.once(
      'connect',
      guard(() => {
        isConnected = true;
        socket.setKeepAlive(true, PROBE_AFTER_MS);
        outgoing.setTimeout(SILENCE_MS);
        if (isTunnel) outgoing.end();
        else incoming.pipe(outgoing);
      }),
    ),
  );
  outgoing.on('timeout', () => {
    isTimedOut = true;
    outgoing.destroy(new Error('it took too long'));
  });
  outgoing.on(
    'response',
    guard((message: IncomingMessage) => {
      isAnswered = true;
      outgoing.setTimeout(0);
      const { statusCode = 0 } = message;
      if (statusCode >= STATUS_MIN && statusCode <= STATUS_MAX) return events.response(message);
      outgoing.destroy();
      events.failed(502, `its status is ${statusCode}`);
    }),
  );
  outgoing.on(
    'upgrade',
    guard((message: IncomingMessage, socket: Duplex, head: Buffer) => {
      isAnswered = true;
      outgoing.setTimeout(0);
      events.upgrade(message, socket, head);
    }),
  );
  outgoing.on(
    'error',
    guard((error: Error) => {
      if (!isConnected) events.unreachable(error.message);
      else if (!isAnswered) events.failed(isTimedOut ? 504 : 502, error.message);
    }),
  );
  return outgoing;
}

/** Listeners of sockets have no caller that would catch: what they throw would end the process. */
export function guarded<A extends unknown[]>(
  work: (...args: A) => void,
  broken: (error: unknown) => void,
): (...args: A) => void {
  return (...args) => {
    try {
      work(...args);
    } catch (error) {
      broken(error);
    }
  };
}
