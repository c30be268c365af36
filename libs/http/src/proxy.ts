import type { ProxyTarget } from '#kinds';
import type { Refusal } from '#model';
import { isRefusal, refusals } from '#model';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import { isGone } from './answer.js';
import type { Backend } from './backend.js';
import type { Call } from './call.js';
import { CONNECTION_HEADERS } from './connection-headers.js';
import { passAnswer } from './passed-answer.js';
import { PodConnection } from './pod-connection.js';
import { waysThrough } from './proxy-links.js';

/** Headers that concern one connection only, and those that tell who asks. */
const NOT_PASSED = new Set([...CONNECTION_HEADERS, 'authorization']);

/** How long it may take to reach the other end; how long it then takes to answer is its own affair. */
const REACH_MS = 30_000;

/** Where to, and the path before `path` under which the client sees it. */
interface Passage extends ProxyTarget {
  readonly path: string;
  readonly prefix: string;
}

/** Passes the request on and its answer back. The refusal says that there is nobody at the other end. */
export async function forward(
  backend: Pick<Backend, 'openPort'>,
  to: Passage,
  { request, response }: Pick<Call, 'request' | 'response'>,
): Promise<Refusal | undefined> {
  const connection = await connectionTo(backend, to);
  if (isRefusal(connection)) return unreachable(connection.message);
  return new Promise((resolve) => {
    const { scheme, host, port, path, prefix } = to;
    // TLS is within the connection.
    const send = scheme === 'https' && !connection ? httpsRequest : httpRequest;
    const headers: IncomingHttpHeaders = {
      ...passedHeaders(request.headers),
      'x-forwarded-uri': prefix + (path.split('?', 1)[0] ?? ''),
      'x-forwarded-for': request.socket.remoteAddress ?? '',
    };
    const { method } = request;
    const passed = send(
      {
        ...{ host, port, method, path, headers, rejectUnauthorized: false, timeout: REACH_MS },
        ...(connection ? { createConnection: () => connection } : { agent: false }),
      },
      (answer) => {
        const rewriters = method === 'HEAD' ? [] : waysThrough(answer.headers, (link) => through(link, to));
        const headers = { ...passedHeaders(answer.headers), ...movedBy(answer.headers, to) };
        const problem = passAnswer(answer, response, { headers, rewriters });
        resolve(problem === undefined ? undefined : unreachable(problem));
      },
    );
    passed.on('socket', (socket) => socket.once('connect', () => passed.setTimeout(0)));
    passed.on('timeout', () => passed.destroy(new Error('i/o timeout')));
    passed.on('error', (cause) => {
      if (!response.headersSent) resolve(unreachable(cause.message));
    });
    // Also when the other end goes on in another protocol, which Node answers by closing the connection.
    passed.once('close', () => resolve(unreachable('it closed the connection without an answer')));
    if (isGone(response)) passed.destroy();
    response.on('close', () => passed.destroy());
    request.pipe(passed);
  });
}

function unreachable(why: string): Refusal {
  return refusals.unavailable(`error trying to reach service: ${why}`);
}

/**
 * A connection by way of the node of the pod: the control plane's machine may be none on which pods are reached. Undefined where the node
 * has no agent of ours that answers: its address is all that is known of the pod then.
 */
async function connectionTo(
  backend: Pick<Backend, 'openPort'>,
  { pod: place, port, scheme }: Passage,
): Promise<Duplex | Refusal | undefined> {
  if (!place) return undefined;
  const { node, ...pod } = place;
  const opened = await backend.openPort?.(node, { ...pod, port });
  // What an agent says counts, whatever it is: it must not lead the control plane to an address of its choice.
  if (!opened || isRefusal(opened)) return opened;
  const connection = new PodConnection(opened);
  return scheme === 'https' ? secured(connection) : connection;
}
/** A pod that does not speak TLS says nothing at all for ever. */
function secured(connection: PodConnection): Promise<Duplex | Refusal> {
  return new Promise((resolve) => {
    const secure = tlsConnect({ socket: connection, rejectUnauthorized: false });
    const give = (why: string): void => {
      secure.destroy();
      resolve(refusals.unavailable(why));
    };
    const timer = setTimeout(() => give('net/http: TLS handshake timeout'), REACH_MS);
    const failed = ({ message }: Error): void => give(message);
    secure.on('error', failed).once('close', () => clearTimeout(timer));
    secure.once('secureConnect', () => {
      clearTimeout(timer);
      secure.off('error', failed);
      resolve(secure);
    });
  });
}

/** A redirection within what answers leads through the proxy again. */
function movedBy({ location }: IncomingHttpHeaders, to: Passage): IncomingHttpHeaders {
  const moved = location === undefined ? undefined : through(location, to);
  return moved === undefined ? {} : { location: moved };
}

function through(link: string, { scheme, host, port, prefix, path }: Passage): string | undefined {
  const here = new URL(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`);
  const there = URL.canParse(link, here.href) ? new URL(link, here) : undefined;
  if (!there || there.host !== here.host || there.pathname.startsWith(prefix)) return undefined;
  return prefix + there.pathname + there.search + there.hash;
}

function passedHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !NOT_PASSED.has(name) && !name.startsWith(':') && !name.startsWith('impersonate-'),
    ),
  );
}
