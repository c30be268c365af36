import { goQuote } from '#std';
import type { UrlParts } from './values.js';

/** Reads a URL with a scheme or an absolute path; a text says what is wrong, as Go words it. */
export function parseUrl(text: string): UrlParts | string {
  const wrong = (why: string): string => `parse ${goQuote(text)}: ${why}`;
  if (/[\0-\x1f\x7f]/.test(text)) return wrong('net/url: invalid control character in URL');
  if (text === '') return wrong('empty url');
  if (text.startsWith(':')) return wrong('missing protocol scheme');
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text)?.[1] ?? '';
  const rest = scheme === '' ? text : text.slice(scheme.length + 1);
  if (!rest.startsWith('/') && scheme === '') return wrong('invalid URI for request');
  const mark = rest.indexOf('?');
  const [before, query] = mark < 0 ? [rest, ''] : [rest.slice(0, mark), rest.slice(mark + 1)];
  const parts = before.startsWith('//') && scheme !== '' ? authorityAndPath(before) : { host: '', path: before };
  const escape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(before);
  if (escape) return wrong(`invalid URL escape ${goQuote(escape[0])}`);
  const bad = /[ "<>\\^`{|}]/.exec(parts.host);
  if (bad) return wrong(`invalid character ${goQuote(bad[0])} in host name`);
  const ported = splitPort(parts.host);
  if (ported === undefined) return wrong(`invalid port ${goQuote(/:[^:\]]*$/.exec(parts.host)?.[0] ?? '')} after host`);
  const path = rest.startsWith('/') ? escaped(parts.path) : '';
  return { text, scheme: scheme.toLowerCase(), host: parts.host, ...ported, path, query: queryOf(query) };
}

function authorityAndPath(text: string): { readonly host: string; readonly path: string } {
  const slash = text.indexOf('/', 2);
  const authority = slash < 0 ? text.slice(2) : text.slice(2, slash);
  return { host: authority.slice(authority.lastIndexOf('@') + 1), path: slash < 0 ? '' : text.slice(slash) };
}
/** Undefined when the port is no number. */
function splitPort(host: string): { readonly hostname: string; readonly port: string } | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(host);
  return match ? { hostname: match[1] ?? match[2] ?? '', port: match[3] ?? '' } : undefined;
}
/** The path as it is sent: what is escaped already stays so. */
function escaped(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%[\]]/gu, (point) =>
    Array.from(new TextEncoder().encode(point), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(
      '',
    ),
  );
}
/** Values of each key; pairs that cannot be decoded are left out. */
function queryOf(text: string): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const pair of text.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    const key = decoded(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decoded(pair.slice(equals + 1));
    if (key === undefined || value === undefined) continue;
    const known = values.get(key);
    if (known) known.push(value);
    else values.set(key, [value]);
  }
  return values;
}
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
