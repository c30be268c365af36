import { request, type OutgoingHttpHeaders } from 'node:http';
import type { TLSSocket } from 'node:tls';

export interface FetchOptions {
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly host: string;
  readonly bytesMax: number;
  /** For the request and the whole answer. */
  readonly timeoutMs: number;
}
export interface Fetched {
  readonly code: number;
  readonly contentType: string;
  readonly etag: string;
  readonly body: Buffer;
}

/** Reads one document over a connection, which is closed afterwards; rejects what is too large or takes too long. */
export function boundedFetch(socket: TLSSocket, options: FetchOptions): Promise<Fetched> {
  const { path, headers, host, bytesMax, timeoutMs } = options;
  return new Promise<Fetched>((resolve, reject) => {
    const asked = request({ createConnection: () => socket, method: 'GET', path, headers: { ...headers, host } });
    const timer = setTimeout(() => fail(new Error('context deadline exceeded')), timeoutMs);
    const fail = (cause: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(cause);
    };
    asked.once('error', fail);
    asked.once('response', (answer) => {
      const parts: Buffer[] = [];
      let size = 0;
      answer.on('data', (part: Buffer) => {
        size += part.length;
        if (size > bytesMax) return fail(new Error(`the answer is larger than ${bytesMax} bytes`));
        parts.push(part);
      });
      answer.once('error', fail);
      answer.once('aborted', () => fail(new Error('unexpected EOF')));
      answer.once('end', () => {
        clearTimeout(timer);
        socket.destroy();
        const { 'content-type': contentType = '', etag = '' } = answer.headers;
        resolve({ code: answer.statusCode ?? 0, contentType, etag, body: Buffer.concat(parts) });
      });
    });
    asked.end();
  });
}
