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

/** Pairs of name and value, as they were sent; those of the connection, and those that `Connection` names, are left out. */
export function endToEnd(message: IncomingMessage): readonly (readonly [string, string])[] {
  const named = (message.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const left = new Set([...CONNECTION, ...named]);
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
/**
 * Headers for the backend: who the client is, in headers that no client can forge, since what it sent of them is dropped. A
 * body without a length stays one that is sent in chunks.
 */
export function requestHeaders(request: IncomingMessage, client: Client): string[] {
  const pairs = endToEnd(request).filter(([name]) => !FORWARDED.has(name.toLowerCase()));
  const isChunked = request.headers['transfer-encoding'] !== undefined;
  const forwarded: readonly (readonly [string, string])[] = [
    ['X-Forwarded-For', client.address],
    ['X-Forwarded-Host', request.headers.host ?? ''],
    ['X-Forwarded-Proto', client.isSecure ? 'https' : 'http'],
    ['X-Forwarded-Port', String(client.port)],
    ['X-Real-Ip', client.address],
  ];
  return [...pairs, ...forwarded, ...(isChunked ? ([['Transfer-Encoding', 'chunked']] as const) : [])].flat();
}

/** The host of a request: lower case, without port and the dot at its end; undefined where it names none. */
export function hostOf(header: string | undefined): string | undefined {
  const text = header?.trim().toLowerCase() ?? '';
  const end = text.startsWith('[') ? text.indexOf(']') + 1 : text.lastIndexOf(':');
  const name = end > 0 ? text.slice(0, end) : text;
  return name.replace(/\.$/, '') || undefined;
}

/** The path of a request target, without its query; of `http://host/path` the path. */
export function pathOf(target: string): string {
  const absolute = /^https?:\/\/[^/?#]*/i.exec(target);
  const rest = absolute ? target.slice(absolute[0].length) || '/' : target;
  const end = rest.search(/[?#]/);
  return end < 0 ? rest : rest.slice(0, end);
}
