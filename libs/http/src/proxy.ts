import type { Refusal, View } from '#model';
import { refusals } from '#model';
import { parseIp, unreachableReasons } from '#meta';
import { goQuote } from '#std';
import { request as httpRequest, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { isGone, type AnyResponse } from './answer.js';
import type { AnyRequest } from './authenticate.js';
import { waysThrough } from './proxy-links.js';
import { answers } from './status.js';

/** Where a proxied request goes. */
interface Target {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** `name`, `name:port` or `scheme:name:port`, as the last part of a proxy's path says it. */
interface Asked {
  readonly scheme: 'http' | 'https';
  readonly name: string;
  readonly port: string;
}

/** Finds the pod behind `services/<name>/proxy` or `pods/<name>/proxy`, as the API server sees it. */
export function proxyTarget(view: View, plural: string, namespace: string, text: string): Target | Refusal {
  const asked = askedFor(text);
  if (!asked)
    return answers.badRequest(
      `invalid ${plural === 'services' ? 'service' : plural.slice(0, -1)} request ${goQuote(text)}`,
    );
  if (plural === 'services') return serviceTarget(view, namespace, asked);
  return plural === 'pods' ? podTarget(view, namespace, asked) : nodeTarget(view, asked);
}

function askedFor(text: string): Asked | undefined {
  const parts = text.split(':');
  if (parts.length === 1) return { scheme: 'http', name: text, port: '' };
  if (parts.length === 2) return { scheme: 'http', name: parts[0] as string, port: parts[1] as string };
  const [scheme, name = '', port = ''] = parts;
  if (parts.length > 3 || (scheme !== '' && scheme !== 'http' && scheme !== 'https')) return undefined;
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port };
}

interface Port {
  readonly name?: string;
  readonly port?: number;
}
interface Address {
  readonly ip: string;
  readonly targetRef?: { readonly kind?: string; readonly namespace?: string; readonly name?: string };
}
interface Subset {
  readonly addresses?: readonly Address[];
  readonly ports?: readonly Port[];
}

function serviceTarget(view: View, namespace: string, { scheme, name, port }: Asked): Target | Refusal {
  const missing = refusals.notFound({ group: '', resource: 'services', kind: 'Service', name });
  const service = view.get({ id: 'core.services' }, namespace, name);
  let portName = port;
  if (/^\d+$/.test(port)) {
    if (!service) return missing;
    const ports = ((service['spec'] as { readonly ports?: readonly Port[] } | undefined)?.ports ??
      []) as readonly Port[];
    const found = ports.find((one) => one.port === Number(port));
    if (!found) return refusals.unavailable(`no service port ${port} found for service ${goQuote(name)}`);
    portName = found.name ?? '';
  }
  const endpoints = view.get({ id: 'core.endpoints' }, namespace, name);
  if (!service || !endpoints) return missing;
  for (const { addresses = [], ports = [] } of (endpoints['subsets'] ?? []) as readonly Subset[]) {
    const number = ports.find((one) => (one.name ?? '') === portName)?.port;
    const ready = addresses.find((address) => isPodOf(view, namespace, address));
    if (number !== undefined && ready) return { scheme, host: ready.ip, port: number };
  }
  return refusals.unavailable(`no endpoints available for service ${goQuote(name)}`);
}

/** Endpoints are anybody's words: what is behind them has to be a pod that says the same of itself. */
function isPodOf(view: View, namespace: string, { ip, targetRef }: Address): boolean {
  if (targetRef?.kind !== 'Pod' || targetRef.namespace !== namespace) return false;
  const pod = view.get({ id: 'core.pods' }, namespace, targetRef.name ?? '') as PodShape | undefined;
  const { podIP, podIPs = [] } = pod?.status ?? {};
  return isOutside(ip) && (podIP === ip || podIPs.some((one) => one.ip === ip));
}
/** What only this machine reaches is not for those who ask it from outside. */
function isOutside(ip: string): boolean {
  const address = parseIp(ip);
  return address !== undefined && unreachableReasons(address).length === 0;
}

interface PodShape {
  readonly spec?: {
    readonly containers?: readonly { readonly ports?: readonly { readonly containerPort?: number }[] }[];
  };
  readonly status?: { readonly podIP?: string; readonly podIPs?: readonly { readonly ip: string }[] };
}

function podTarget(view: View, namespace: string, { scheme, name, port }: Asked): Target | Refusal {
  const pod = view.get({ id: 'core.pods' }, namespace, name);
  if (!pod) return refusals.notFound({ group: '', resource: 'pods', kind: 'Pod', name });
  const { spec, status } = pod as unknown as PodShape;
  const first = spec?.containers?.flatMap((container) => container.ports ?? [])[0]?.containerPort;
  const number = port === '' ? (first ?? (scheme === 'https' ? 443 : 80)) : Number(port);
  if (!status?.podIP || !isOutside(status.podIP) || !Number.isInteger(number))
    return answers.badRequest('address not allowed');
  return { scheme, host: status.podIP, port: number };
}

function nodeTarget(view: View, { name }: Asked): Refusal {
  if (!view.get({ id: 'core.nodes' }, undefined, name))
    return refusals.notFound({ group: '', resource: 'nodes', kind: 'Node', name });
  return refusals.unavailable(
    `error trying to reach service: node ${goQuote(name)} serves nothing of its own over HTTP`,
  );
}

/** Headers that concern one connection only, and those that tell who asks. */
const NOT_PASSED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'host',
  'authorization',
]);

/** How long it may take to reach the other end; how long it then takes to answer is its own affair. */
const REACH_MS = 30_000;

/** Where to, and the path before `path` under which the client sees it. */
interface Passage extends Target {
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
