import type { ProxyTarget } from '#kinds';
import type { Refusal } from '#model';
import { refusals } from '#model';
import { request as httpRequest, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { isGone, type AnyResponse } from './answer.js';
import type { AnyRequest } from './authenticate.js';
import { CONNECTION_HEADERS } from './connection-headers.js';
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
export function forward(to: Passage, request: AnyRequest, response: AnyResponse): Promise<Refusal | undefined> {
  return new Promise((resolve) => {
    const { scheme, host, port, path, prefix } = to;
    const send = scheme === 'https' ? httpsRequest : httpRequest;
    const headers: IncomingHttpHeaders = {
      ...passedHeaders(request.headers),
      'x-forwarded-uri': prefix + (path.split('?', 1)[0] ?? ''),
      'x-forwarded-for': request.socket.remoteAddress ?? '',
    };
    const { method } = request;
    const passed = send(
      { host, port, method, path, headers, agent: false, rejectUnauthorized: false, timeout: REACH_MS },
      (answer) => {
        const out = response as ServerResponse;
        const ways = method === 'HEAD' ? [] : waysThrough(answer.headers, (link) => through(link, to));
        const headers = { ...passedHeaders(answer.headers), ...movedBy(answer.headers, to) };
        if (ways.length > 0) delete headers['content-length'];
        out.writeHead(answer.statusCode ?? 502, headers);
        const end = (cause: unknown): void => void (cause && out.destroy());
        answer.on('error', end);
        // Not a pipeline to the end: an answer over HTTP/2 is no whole stream.
        ways.reduce<Readable>((from, way) => pipeline(from, way, end), answer).pipe(out);
        resolve(undefined);
      },
    );
    passed.on('socket', (socket) => socket.once('connect', () => passed.setTimeout(0)));
    passed.on('timeout', () => passed.destroy(new Error('i/o timeout')));
    passed.on('error', (cause) => {
      if (!response.headersSent) resolve(refusals.unavailable(`error trying to reach service: ${cause.message}`));
    });
    if (isGone(response)) passed.destroy();
    response.on('close', () => passed.destroy());
    request.pipe(passed);
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
