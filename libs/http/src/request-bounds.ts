import type { AnyRequest } from './authenticate.js';
import type { HttpRefusal } from './status.js';

/** Selectors stand in the query: Kubernetes takes URLs of up to a mebibyte. */
export const URL_BYTES_MAX = 1024 * 1024;
/** No resource has a longer path: names have at most 253 bytes. What a proxy passes on counts too. */
export const PATH_BYTES_MAX = 8 * 1024;
/** All header fields together, without the URL. */
export const HEADER_BYTES_MAX = 64 * 1024;

/** Refuses a request whose head is too large, before anything in it is parsed and before anybody is authenticated. */
export function outOfBounds(request: AnyRequest): HttpRefusal | undefined {
  const url = request.url ?? '/';
  if (url.length > URL_BYTES_MAX) return tooLong('URL', url.length, URL_BYTES_MAX);
  const mark = url.indexOf('?');
  const path = mark < 0 ? url.length : mark;
  if (path > PATH_BYTES_MAX) return tooLong('path of the URL', path, PATH_BYTES_MAX);
  const bytes = headerBytes(request.rawHeaders);
  if (bytes <= HEADER_BYTES_MAX) return undefined;
  const message = `the header fields have ${bytes} bytes: at most ${HEADER_BYTES_MAX} are allowed`;
  return { refused: true, code: 431, reason: '', message };
}

function tooLong(what: string, bytes: number, max: number): HttpRefusal {
  return {
    refused: true,
    code: 414,
    reason: '',
    message: `the ${what} has ${bytes} bytes: at most ${max} are allowed`,
  };
}

/** Names and values alternate. The fields that HTTP/2 makes of the request line are no header fields of HTTP/1.1. */
function headerBytes(raw: readonly string[]): number {
  let bytes = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (!name.startsWith(':')) bytes += name.length + (raw[i + 1]?.length ?? 0);
  }
  return bytes;
}
