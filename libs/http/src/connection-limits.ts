import type { TLSSocket } from 'node:tls';
import { refusalAnswer } from './answer.js';
import { tooManyRequests } from './request-limits.js';

export interface ConnectionLimits {
  /** Beyond these a connection is not accepted. */
  readonly inAll: number;
  /** Of one address; beyond these a client is told to come back later. */
  readonly perAddress: number;
}
export const CONNECTION_LIMITS: ConnectionLimits = { inAll: 10_000, perAddress: 2000 };

/** Refuses connections of an address that has too many, once TLS allows an answer. */
export class ConnectionsByAddress {
  private readonly counts = new Map<string, number>();
  constructor(private readonly max: number) {}

  take(socket: TLSSocket): void {
    const address = socket.remoteAddress ?? '';
    const count = (this.counts.get(address) ?? 0) + 1;
    this.counts.set(address, count);
    socket.once('close', () => {
      const left = (this.counts.get(address) ?? 1) - 1;
      if (left > 0) this.counts.set(address, left);
      else this.counts.delete(address);
    });
    if (count > this.max) refuse(socket);
  }
}

function refuse(socket: TLSSocket): void {
  // A client of HTTP/2 reads no text before a handshake of its own.
  if (socket.alpnProtocol === 'h2') return void socket.destroy();
  const { json = '', headers = {} } = refusalAnswer(
    tooManyRequests('Too many requests, please try again later: this address has too many connections'),
  );
  const lines = [
    'HTTP/1.1 429 Too Many Requests',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(json)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${json}`);
}
