import { X509Certificate } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { Fault, isJsonObject } from '#std';
import { caHash } from '../keys/signing-ca.js';
import type { JoinToken } from './join-token.js';

export interface JoinTarget {
  readonly host: string;
  readonly port: number;
  readonly token: JoinToken;
  /** `sha256:…` */
  readonly caHash: string;
}

/** One line of the bus's protocol, and the bytes that belong to it. */
export interface BusMessage {
  readonly head: string;
  readonly body: Buffer;
}

export interface JoinSocket {
  readonly ca: string;
  /** What a user signs to prove its key. */
  readonly nonce: string;
  send(text: string): void;
  /** The next message; those that keep the connection alive are answered. Rejects when none comes in time. */
  next(timeoutMs: number): Promise<BusMessage>;
  close(): void;
}

const CONNECT_MS = 10_000;
const BUFFER_BYTES_MAX = 1024 * 1024;
const CHAIN_MAX = 10;

/**
 * A TLS connection to the bus of the cluster whose CA has this hash. Neither a CA nor this machine's clock is needed for it: times
 * of certificates are not looked at, since the control plane compares the clocks and says how far they are apart.
 */
export async function openJoinSocket(target: JoinTarget): Promise<JoinSocket> {
  const where = `${target.host}:${target.port}`;
  const tcp = await connected(target, where);
  const lines = new Messages(tcp, where);
  try {
    const info = infoOf((await lines.next(CONNECT_MS)).head);
    if (info === undefined) throw new Fault(`What answers at ${where} is no control plane of Shiplog.`, false);
    lines.release();
    const tls = await secured(tcp, target, where);
    const ca = pinnedCa(tls, target, where);
    const messages = new Messages(tls, where);
    return {
      ca,
      nonce: info.nonce,
      send: (text) => void tls.write(text),
      next: async (timeoutMs) => {
        for (;;) {
          const message = await messages.next(timeoutMs);
          if (message.head === 'PING') tls.write('PONG\r\n');
          else if (!message.head.startsWith('INFO') && message.head !== '+OK') return message;
        }
      },
      close: () => tls.destroy(),
    };
  } catch (cause) {
    tcp.destroy();
    throw cause;
  }
}

function connected({ host, port }: JoinTarget, where: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(
        new Fault(
          `The control plane at ${where} cannot be reached (${why}): check the address, and that its firewall lets TCP port ${port} through.`,
          false,
        ),
      );
    const socket = connectTcp({ host, port });
    socket.setTimeout(CONNECT_MS, () => {
      socket.destroy();
      fail(`no answer within ${CONNECT_MS / 1000} s`);
    });
    socket.once('error', (cause: NodeJS.ErrnoException) => fail(cause.code ?? cause.message));
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeAllListeners('error').removeAllListeners('timeout');
      resolve(socket);
    });
  });
}

function secured(socket: Socket, { host }: JoinTarget, where: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    // Checked below by the hash of the CA, which is all that is known of it.
    const tls = connectTls({ socket, rejectUnauthorized: false, host });
    tls.setTimeout(CONNECT_MS, () => tls.destroy(new Error('no answer')));
    tls.once('error', (cause) =>
      reject(new Fault(`${where} makes no TLS connection: ${cause.message}`, false, { cause })),
    );
    tls.once('secureConnect', () => {
      tls.setTimeout(0);
      tls.removeAllListeners('error');
      resolve(tls);
    });
  });
}

/** The CA of that hash, if it signed the certificate that the server has shown, and that is one of this address. */
function pinnedCa(tls: TLSSocket, { host, caHash: wanted }: JoinTarget, where: string): string {
  const [leaf, ...issuers] = chainOf(tls.getPeerCertificate(true));
  const shown = issuers.map((one) => new X509Certificate(one.raw));
  const ca = shown.find((one) => caHash(one.toString()) === wanted);
  const own = leaf && new X509Certificate(leaf.raw);
  if (ca === undefined || own === undefined || !own.checkIssued(ca) || !own.verify(ca.publicKey)) {
    const root = shown.at(-1);
    throw new Fault(
      `The control plane at ${where} is of another cluster than the token: its CA has the hash ${root === undefined ? 'of none' : caHash(root.toString())}, not ${wanted}.`,
      false,
    );
  }
  if (checkServerIdentity(host, tls.getPeerCertificate(true)) !== undefined)
    throw new Fault(
      `The control plane is not called ${host}: its certificate says ${own.subjectAltName ?? 'nothing'}. Use one of those, or add this one to SHIPLOG_API_NAMES there and start it again.`,
      false,
    );
  return ca.toString();
}

function chainOf(certificate: DetailedPeerCertificate): readonly DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  for (let one: DetailedPeerCertificate | undefined = certificate; one?.raw && chain.length < CHAIN_MAX;) {
    chain.push(one);
    // A root is its own issuer.
    one = one.issuerCertificate === one ? undefined : one.issuerCertificate;
  }
  return chain;
}

function infoOf(line: string): { readonly nonce: string } | undefined {
  try {
    const info: unknown = line.startsWith('INFO ') ? JSON.parse(line.slice(5)) : undefined;
    if (!isJsonObject(info) || info['tls_required'] !== true || typeof info['nonce'] !== 'string') return undefined;
    return { nonce: info['nonce'] };
  } catch {
    return undefined;
  }
}

/** Cuts what arrives into messages. */
class Messages {
  private buffer: Buffer = Buffer.alloc(0);
  private end: Error | undefined;
  private wake: () => void = () => undefined;
  private readonly onData = (chunk: Buffer): void => {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    if (this.buffer.length > BUFFER_BYTES_MAX) this.fail(new Error('it sends too much'));
    this.wake();
  };
  private readonly onClose = (): void => this.fail(new Error('the connection was closed'));
  private readonly onError = (cause: Error): void => this.fail(cause);

  constructor(
    private readonly socket: Socket,
    private readonly where: string,
  ) {
    socket.on('data', this.onData).on('close', this.onClose).on('error', this.onError);
  }

  /** Leaves the socket to others. */
  release(): void {
    this.socket.pause();
    this.socket.off('data', this.onData).off('close', this.onClose).off('error', this.onError);
  }

  async next(timeoutMs: number): Promise<BusMessage> {
    const timer = setTimeout(() => this.fail(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    try {
      for (;;) {
        const message = this.take();
        if (message !== undefined) return message;
        if (this.end !== undefined)
          throw new Fault(`The connection to ${this.where} was lost: ${this.end.message}.`, true, { cause: this.end });
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  private take(): BusMessage | undefined {
    const end = this.buffer.indexOf('\r\n');
    if (end < 0) return undefined;
    const head = this.buffer.subarray(0, end).toString().trim();
    const size = /^H?MSG /.test(head) ? Number(head.split(' ').at(-1)) + 2 : 0;
    if (!(size >= 0) || this.buffer.length < end + 2 + size) return undefined;
    const body = this.buffer.subarray(end + 2, end + 2 + Math.max(0, size - 2));
    this.buffer = this.buffer.subarray(end + 2 + size);
    return { head, body };
  }

  private fail(cause: Error): void {
    this.end ??= cause;
    this.wake();
  }
}
