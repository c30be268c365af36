import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline, type Readable, type Transform } from 'node:stream';
import type { AnyResponse } from './answer.js';
import { breakOff } from './break-off.js';

export interface PassedAnswer {
  /** Those that are passed on, see `CONNECTION_HEADERS`. */
  readonly headers: OutgoingHttpHeaders;
  /** What rewrites the body on its way. */
  readonly rewriters?: readonly Transform[];
}

/** Codes of answers without a body. HTTP/2 clients take a length beside them for bytes that are missing. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Passes the answer of another server on to the client as it comes. An answer that breaks off breaks off for the client
 * too. Returns what is wrong where nothing was passed on: the caller still owes its client an answer.
 */
export function passAnswer(
  answer: IncomingMessage,
  response: AnyResponse,
  { headers, rewriters = [] }: PassedAnswer,
): string | undefined {
  const code = answer.statusCode ?? 0;
  // Node throws at such a code, which would end this process.
  if (code < 200 || code > 599) {
    answer.destroy();
    return `it answered with status code ${code}`;
  }
  const out = response as ServerResponse;
  const { 'content-length': length, ...others } = headers;
  const hasLength = length !== undefined && rewriters.length === 0 && !BODILESS.has(code);
  out.writeHead(code, hasLength ? headers : others);
  // A watch may be silent for long.
  out.flushHeaders();
  const end = (cause: unknown): void => void (cause && breakOff(response));
  answer.on('error', end);
  // Not a pipeline to the end: an answer over HTTP/2 is no whole stream.
  rewriters.reduce<Readable>((from, rewriter) => pipeline(from, rewriter, end), answer).pipe(out);
  return undefined;
}
