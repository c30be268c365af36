import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Answerer } from './answerer.js';
import { framed } from './exchange.js';
import { datagramBytes, TCP_BYTES_MAX } from './wire.js';

const CONNECTIONS_MAX = 256;
const CONNECTIONS_OF_ONE_MAX = 32;
/** A question with all that may go with it is far smaller. */
const QUESTION_BYTES_MAX = 4096;
const IDLE_MS = 10_000;
/** So many questions of one connection are answered at a time. */
const QUESTIONS_MAX = 32;
/** So much of a connection's answers waits for its client. */
const UNREAD_BYTES_MAX = 256 * 1024;
const RECEIVE_BYTES = 2 ** 20;

export interface DnsSocketsOptions {
  readonly address: string;
  /** 53 as a rule; 0: any that is free for both. */
  readonly port: number;
  readonly answerer: Pick<Answerer, 'answer'>;
  /** Whether this address gets answers. */
  readonly serves: (address: string) => boolean;
}

/** DNS by UDP and TCP at one address. Bounded in connections, questions and bytes, whatever clients do. */
export class DnsSockets {
  private constructor(
    readonly port: number,
    private readonly udp: DatagramSocket,
    private readonly tcp: Server,
    private readonly connections: Set<Socket>,
  ) {}

  /** Rejects when the address or the port cannot be had. */
  static async open(options: DnsSocketsOptions): Promise<DnsSockets> {
    const { address } = options;
    const connections = new Set<Socket>();
    const tcp = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const same = [...connections].filter(({ remoteAddress }) => remoteAddress === socket.remoteAddress);
      if (same.length >= CONNECTIONS_OF_ONE_MAX) return void socket.destroy();
      connections.add(socket);
      socket.once('close', () => connections.delete(socket));
      serveConnection(socket, options);
    });
    tcp.maxConnections = CONNECTIONS_MAX;
    tcp.listen(options.port, address);
    await once(tcp, 'listening');
    tcp.on('error', () => undefined);
    const { port } = tcp.address() as { port: number };
    const family = isIPv6(address) ? 6 : 4;
    const udp = createSocket({
      type: `udp${family}`,
      recvBufferSize: RECEIVE_BYTES,
      // Clients are addresses already: Node's own would send each answer a turn later.
      lookup: (client, _options, done) => done(null, client, family),
    });
    udp.on('message', (message, from) => serveDatagram(udp, message, from, options));
    try {
      // Asked before it is bound, which takes no time where nothing has to be looked up.
      const isListening = once(udp, 'listening');
      udp.bind(port, address);
      await isListening;
    } catch (cause) {
      tcp.close();
      throw cause;
    }
    udp.on('error', () => undefined);
    return new DnsSockets(port, udp, tcp, connections);
  }

  async close(): Promise<void> {
    for (const socket of this.connections) socket.destroy();
    await Promise.all([
      new Promise<void>((resolve) => this.udp.close(() => resolve())),
      new Promise<void>((resolve) => this.tcp.close(() => resolve())),
    ]);
  }
}

function serveDatagram(
  udp: DatagramSocket,
  message: Buffer,
  from: { readonly address: string; readonly port: number },
  { answerer, serves }: DnsSocketsOptions,
): void {
  if (!serves(from.address) || from.port === 0) return;
  // What was lost on its way the client asks for again. Without a function to call, an answer that is sent at once costs no more.
  const send = (answer: Buffer | undefined): void => void (answer && udp.send(answer, from.port, from.address));
  const answer = answerer.answer(message, datagramBytes);
  if (answer instanceof Promise) void answer.then((made) => (isOpen(udp) ? send(made) : undefined));
  else send(answer);
}
function isOpen(udp: DatagramSocket): boolean {
  try {
    udp.address();
    return true;
  } catch {
    return false;
  }
}

function serveConnection(socket: Socket, { answerer, serves }: DnsSocketsOptions): void {
  socket.on('error', () => undefined);
  if (!serves(socket.remoteAddress ?? '')) return void socket.destroy();
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  let rest: Buffer = Buffer.alloc(0);
  let waiting = 0;
  let isEnded = false;
  const isFull = (): boolean => waiting >= QUESTIONS_MAX || socket.writableLength > UNREAD_BYTES_MAX;
  const send = (answer: Buffer | undefined): void => {
    waiting--;
    if (socket.destroyed) return;
    if (answer) socket.write(framed(answer));
    next();
  };
  const next = (): void => {
    let at = 0;
    while (!isFull() && !socket.destroyed && rest.length - at >= 2) {
      const end = at + 2 + rest.readUInt16BE(at);
      if (end - at > QUESTION_BYTES_MAX) return void socket.destroy();
      if (end > rest.length) break;
      const message = rest.subarray(at + 2, end);
      at = end;
      waiting++;
      const answer = answerer.answer(message, () => TCP_BYTES_MAX);
      if (answer instanceof Promise) void answer.then(send);
      else {
        waiting--;
        if (answer) socket.write(framed(answer));
      }
    }
    if (at > 0) rest = Buffer.from(rest.subarray(at));
    if (isFull()) socket.pause();
    else socket.resume();
    if (isEnded && waiting === 0 && !socket.destroyed) socket.end();
  };
  socket.on('data', (part) => {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    next();
  });
  socket.on('drain', next);
  socket.on('end', () => {
    isEnded = true;
    next();
  });
}
