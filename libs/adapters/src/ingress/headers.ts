import type { IncomingMessage } from 'node:http';

/** Headers that concern one connection only (RFC 9110, 7.6.1): a proxy passes none of them on. */
const CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** `Connection` removes none of these: they decide where a message goes and where its body ends. */
const NEVER_NAMED = new Set(['host', 'content-length']);

/** Pairs of name and value, as they were sent; those of the connection, and those that `Connection` names, are left out. */
export function endToEnd(message: IncomingMessage): readonly (readonly [string, string])[] {
  const named = (message.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const left = new Set([...CONNECTION, ...named.filter((name) => !NEVER_NAMED.has(name))]);
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    const [name = '', value = ''] = message.rawHeaders.slice(i, i + 2);
    if (!left.has(name.toLowerCase())) pairs.push([name, value]);
  }
  return pairs;
}

const FORWARDED = new Set([
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
  'forwarded',
]);
export interface Client {
  readonly address: string;
  readonly port: number;
  readonly isSecure: boolean;
}
/** Where a request goes: the same for whoever routes it and for its backend. */
export interface Target {
  /** The `Host` of the request; undefined: HTTP/1.0 without one. */
  readonly host: string | undefined;
  /** Path and query, or `*`. */
  readonly path: string;
}
/**
 * The authority of an absolute target counts more than `Host` (RFC 9112, 3.2.2). Undefined: the request names two hosts, or its
 * target is of no form that a proxy of this kind takes.
 */
export function targetOf({ rawHeaders, url = '' }: IncomingMessage): Target | undefined {
  const hosts = rawHeaders.filter((_value, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'host');
  if (hosts.length > 1) return undefined;
  if (url.startsWith('/') || url === '*') return { host: hosts[0], path: url };
  const [, host, rest = ''] = /^https?:\/\/([^/?#@]+)([/?#].*)?$/is.exec(url) ?? [];
  if (host === undefined) return undefined;
  return { host, path: rest.startsWith('/') ? rest : `/${rest}` };
}

/** Whether a request asks for another protocol. */
export function asksForUpgrade({ headers: { connection = '', upgrade } }: IncomingMessage): boolean {
  return upgrade !== undefined && connection.split(',').some((name) => name.trim().toLowerCase() === 'upgrade');
}
/** Whether another protocol follows a request. One that has a body is a request like any other. */
export function isTunnel(request: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
  return asksForUpgrade(request) && encoding === undefined && Number(length) === 0;
}

/**
 * Headers for the backend: who the client is, in headers that no client can forge, since what it sent of them is dropped, also
 * with `_` for `-`, which many a backend takes for the same. A body without a length stays one that is sent in chunks.
 */
export function requestHeaders(request: IncomingMessage, { host = '' }: Target, client: Client): string[] {
  const isOwn = (name: string): boolean => name === 'host' || FORWARDED.has(name.replaceAll('_', '-'));
  const pairs = endToEnd(request).filter(([name]) => !isOwn(name.toLowerCase()));
  const isChunked = request.headers['transfer-encoding'] !== undefined;
  const forwarded: readonly (readonly [string, string])[] = [
    ['X-Forwarded-For', client.address],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Proto', client.isSecure ? 'https' : 'http'],
    ['X-Forwarded-Port', String(client.port)],
    ['X-Real-Ip', client.address],
  ];
  const framing = isChunked ? ([['Transfer-Encoding', 'chunked']] as const) : [];
  return [['Host', host] as const, ...pairs, ...forwarded, ...framing].flat();
}

/** The host of a request: lower case, without port and the dot at its end; undefined where it names none. */
export function hostOf(header: string | undefined): string | undefined {
  const text = header?.trim().toLowerCase() ?? '';
  const end = text.startsWith('[') ? text.indexOf(']') + 1 : text.lastIndexOf(':');
  const name = end > 0 ? text.slice(0, end) : text;
  return name.replace(/\.$/, '') || undefined;
}

/** A path without its query. */
export function pathOf(path: string): string {
  const end = path.search(/[?#]/);
  return end < 0 ? path : path.slice(0, end);
}
