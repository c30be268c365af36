import type { TLSSocket } from 'node:tls';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { pipeline, type Duplex } from 'node:stream';
import { isGone } from '../answer.js';
import { ClientGone } from '../body/request-body.js';
import { breakOff } from '../break-off.js';
import type { Call } from '../call.js';
import { passAnswer } from '../passed-answer.js';
import { percentEncoded } from '../query.js';
import { isLasting } from '../request-limits.js';
import { answers, unavailable, type HttpRefusal } from '../status.js';
import type { Upgrade } from '../websocket.js';
import type { AggregatedServer } from './aggregated-server.js';
import { connectToAny, type Peer } from './connection.js';
import { identityHeaders, passedHeaders } from './front-proxy.js';

const CONNECT_MS = 30_000;
/** How long a server may take to begin its answer, unless the request is one that lasts. */
const ANSWER_MS = 60_000;

/** Passes a request on to an aggregated server as the user that sent it, and the answer back as it comes. */
export async function forwardTo(server: AggregatedServer, call: Call): Promise<HttpRefusal | undefined> {
  const { info, response, upgrade, trail } = call;
  // Servers may take these out of a path: then it would not be the one that was authorized.
  if (info.path.split('/').some((part) => part === '.' || part === '..')) return answers.noSuchPage;
  const endpoints = server.endpoints(trail.auditId);
  if ('problem' in endpoints) return unavailable('service unavailable');
  let peer: Peer;
  try {
    peer = await server.peer(true);
  } catch (cause) {
    return { ...answers.internal(''), text: `the caBundle of the APIService cannot be used: ${messageOf(cause)}\n` };
  }
  const gone = new AbortController();
  (upgrade?.socket ?? response).once('close', () => gone.abort());
  if (isGone(response)) throw new ClientGone();
  let socket: TLSSocket | undefined;
  try {
    socket = await connectToAny(endpoints, peer, { timeoutMs: CONNECT_MS, signal: gone.signal });
    return await passedOver(socket, call, { host: `${peer.serverName}:443`, signal: gone.signal });
  } catch (cause) {
    socket?.destroy();
    if (gone.signal.aborted) throw new ClientGone();
    return unreachable(cause);
  }
}

interface Passage {
  readonly host: string;
  readonly signal: AbortSignal;
}

/** Resolves when the answer has begun. */
function passedOver(socket: TLSSocket, call: Call, { host, signal }: Passage): Promise<HttpRefusal | undefined> {
  const { request, response, upgrade, info } = call;
  return new Promise((resolve, reject) => {
    const end = (): void => void socket.destroy();
    const passed = httpRequest({
      createConnection: () => socket,
      method: request.method,
      path: pathOf(call),
      headers: { ...headersOf(call), host },
    });
    const late = isLasting(info) || upgrade ? undefined : setTimeout(() => passed.destroy(new Error(LATE)), ANSWER_MS);
    signal.addEventListener('abort', end, { once: true });
    passed.once('close', () => clearTimeout(late));
    passed.once('error', (cause) => {
      end();
      if (response.headersSent) breakOff(response);
      else reject(cause);
    });
    passed.once('response', (answer) => {
      clearTimeout(late);
      answer.once('close', end);
      resolve(passedBack(answer, call));
    });
    passed.once('upgrade', (answer, remote, head) => {
      clearTimeout(late);
      if (upgrade) switched(upgrade, answer, { remote, head });
      else remote.destroy();
      resolve(upgrade ? undefined : badGateway(SWITCHED));
    });
    if (upgrade) passed.end();
    else request.pipe(passed);
  });
}
const LATE = 'context deadline exceeded';

function pathOf({ info, query }: Call): string {
  return percentEncoded(info.path) + (query.raw === '' ? '' : `?${query.raw}`);
}

function headersOf({ request, user, upgrade, trail }: Call) {
  const { 'x-forwarded-for': before, upgrade: protocol } = request.headers;
  const from = request.socket.remoteAddress ?? '';
  return {
    ...passedHeaders(request.headers),
    ...identityHeaders(user),
    'x-forwarded-for': before === undefined ? from : `${String(before)}, ${from}`,
    'audit-id': trail.auditId,
    ...(upgrade && { connection: 'Upgrade', upgrade: protocol }),
  };
}

function passedBack(answer: IncomingMessage, { response }: Call): HttpRefusal | undefined {
  const code = answer.statusCode ?? 502;
  if (code >= 300 && code <= 399 && answer.headers.location !== undefined) {
    answer.destroy();
    return badGateway(REDIRECTED);
  }
  const problem = passAnswer(answer, response, { headers: passedHeaders(answer.headers) });
  return problem === undefined ? undefined : badGateway(`the answer of the backend cannot be passed on: ${problem}`);
}
const REDIRECTED = 'the backend attempted to redirect this request, which is not permitted';
const SWITCHED = 'the backend switched to another protocol, which this request did not ask for';

function badGateway(text: string): HttpRefusal {
  return { ...answers.internal(''), code: 502, text };
}

interface Switched {
  readonly remote: Duplex;
  readonly head: Buffer;
}
/** Goes on in the protocol that the server has agreed to, whichever it is. Neither side is read faster than the other takes. */
function switched(upgrade: Upgrade, { headers, rawHeaders }: IncomingMessage, { remote, head }: Switched): void {
  const client = upgrade.take();
  const lines = ['HTTP/1.1 101 Switching Protocols'];
  const passed = new Set(Object.keys(passedHeaders(headers)));
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    if (passed.has((rawHeaders[i] as string).toLowerCase())) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  lines.push('Connection: Upgrade', `Upgrade: ${headers.upgrade ?? ''}`);
  client.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  if (head.length > 0) client.write(head);
  if (upgrade.head.length > 0) remote.write(upgrade.head);
  const cut = (cause: unknown): void => {
    if (!cause) return;
    client.destroy();
    remote.destroy();
  };
  pipeline(client, remote, cut);
  pipeline(remote, client, cut);
}

function unreachable(cause: unknown): HttpRefusal {
  return unavailable(`error trying to reach service: ${messageOf(cause)}`);
}
function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
