import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';

/** The little of `spdy-transport` (which has no types) that port forwarding uses. */
interface SpdyTransport {
  readonly connection: {
    create(socket: Duplex, options: { readonly protocol: 'spdy'; readonly isServer: true }): SpdyConnection;
  };
}
interface SpdyConnection {
  readonly _spdyState: { readonly parser: Parser; readonly window: { readonly send: WindowSide } };
  start(version: number): void;
  on(event: 'stream', listener: (stream: SpdyStream) => void): void;
  on(event: 'error' | 'close', listener: (cause?: Error) => void): void;
}
interface Parser {
  parseKVs(bytes: unknown, done: (error: Error | null, headers?: Headers) => void): void;
}
type Headers = Record<string, string>;
interface WindowSide {
  update(size: number, done?: () => void): void;
  getCurrent(): number;
}

export interface SpdyStream extends Duplex {
  readonly _spdyState: { readonly window: { readonly send: WindowSide } };
  readonly headers: Readonly<Record<string, string | undefined>>;
  respond(status: number, headers: Headers): void;
}

const transport = createRequire(import.meta.url)('spdy-transport') as SpdyTransport;

/** Serves SPDY/3.1 as Kubernetes' clients speak it: streams that are no HTTP requests, and no flow control. */
export function serveSpdy(socket: Duplex, onStream: (stream: SpdyStream) => void): void {
  const connection = transport.connection.create(socket, { protocol: 'spdy', isServer: true });
  const { parser, window } = connection._spdyState;
  const parse = parser.parseKVs.bind(parser);
  // The parser wants every stream to be a request.
  parser.parseKVs = (bytes, done) =>
    parse(bytes, (error, headers) => done(error, headers && { ':method': 'POST', ':path': '/', ...headers }));
  unlimited(window.send);
  connection.on('stream', (stream) => {
    unlimited(stream._spdyState.window.send);
    stream.on('error', () => undefined);
    stream.respond(200, {});
    onStream(stream);
  });
  connection.on('error', () => socket.destroy());
  connection.start(3.1);
}

/** The clients never grant more than they did at first. */
function unlimited(side: WindowSide): void {
  side.getCurrent = () => Number.MAX_SAFE_INTEGER;
  side.update = (_size, done) => {
    if (done) process.nextTick(done);
  };
}
