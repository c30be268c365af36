import type { ServiceEndpoint } from '#kinds';
import { createSecureContext, connect, type SecureContext, type TLSSocket } from 'node:tls';

/** How a server is authenticated, and what this one shows of itself. */
export interface Peer {
  readonly context: SecureContext;
  /** The name in its certificate. */
  readonly serverName: string;
  readonly isVerified: boolean;
}

export function clientContext(
  { certificate, privateKey }: { readonly certificate: string; readonly privateKey: string },
  ca: string | undefined,
): SecureContext {
  return createSecureContext({
    cert: certificate,
    key: privateKey,
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca }),
  });
}

/** Connects to the first of the endpoints that answers; rejects with the problem of the last one. */
export async function connectToAny(
  endpoints: readonly ServiceEndpoint[],
  peer: Peer,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<TLSSocket> {
  let problem: unknown = new Error('no endpoints');
  for (const endpoint of endpoints) {
    options.signal.throwIfAborted();
    try {
      return await connectTo(endpoint, peer, options);
    } catch (cause) {
      problem = cause;
    }
  }
  throw problem;
}

export function connectTo(
  { host, port }: ServiceEndpoint,
  { context, serverName, isVerified }: Peer,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...{ host, port, servername: serverName, secureContext: context, rejectUnauthorized: isVerified },
      ALPNProtocols: ['http/1.1'],
    });
    const fail = (cause: Error): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.destroy();
      reject(dialError(cause, `${hostOf(host)}:${port}`));
    };
    const abort = (): void => fail(new Error('context canceled'));
    const timer = setTimeout(() => fail(new Error('i/o timeout')), timeoutMs);
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.off('error', fail);
      socket.setNoDelay(true);
      // Until a request is on the socket and hears of its errors.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** `10.0.0.1`, `[fd00::1]`. */
export function hostOf(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** In the words of Go's dialer, which users of Kubernetes know. */
function dialError(cause: Error, address: string): Error {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const words = REFUSED[code];
  const isTimeout = cause.message === 'i/o timeout';
  if (words === undefined && !isTimeout) return cause;
  return new Error(`dial tcp ${address}: ${isTimeout ? 'i/o timeout' : `connect: ${words}`}`, { cause });
}
const REFUSED: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
};
