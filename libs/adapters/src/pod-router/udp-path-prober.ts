import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { PathStance, PodWay } from '#model';
import type { PathListener, PathProber, PathQuestion } from '#ports';
import { PROBE_PORTS } from './names.js';

const WAYS: readonly PodWay[] = ['route', 'vxlan'];
const STANCES: readonly PathStance[] = ['route', 'doubt', 'vxlan', 'return'];
const BEGINNING = Buffer.from('slpath1');
const QUESTION = 0x3f;
const ANSWER = 0x21;
const HEAD_BYTES = BEGINNING.length + 2;
const NONCE_BYTES = 16;
const BYTES = HEAD_BYTES + NONCE_BYTES;

interface Open {
  readonly address: string;
  readonly sockets: Readonly<Record<PodWay, Socket>>;
  listener: PathListener;
}

/**
 * By datagrams of 25 bytes, from and to the same port: one port for each way. A question has 16 bytes by chance, which its answer
 * repeats.
 */
export class UdpPathProber implements PathProber {
  private current: Open | undefined;
  /** By way and address: what an answer has to repeat. */
  private readonly waiting = { route: new Map<string, Buffer>(), vxlan: new Map<string, Buffer>() };

  async open(address: string, listener: PathListener): Promise<void> {
    if (this.current?.address === address) {
      this.current.listener = listener;
      return;
    }
    await this.close();
    const sockets = { route: createSocket('udp4'), vxlan: createSocket('udp4') };
    const open = { address, sockets, listener };
    try {
      for (const way of WAYS) {
        const socket = sockets[way];
        socket.unref();
        socket.bind(PROBE_PORTS[way], address);
        await once(socket, 'listening');
        // The socket goes on: what went wrong concerns one datagram.
        socket.on('error', () => undefined);
        socket.on('message', (data, sender) => this.take(way, data, sender));
      }
    } catch (cause) {
      closeAll(sockets);
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(
        `UDP ports ${WAYS.map((way) => PROBE_PORTS[way]).join(' and ')} of ${address} cannot be used: ${why}`,
        {
          cause,
        },
      );
    }
    this.current = open;
  }

  ask({ to, way, stance }: PathQuestion): void {
    if (!this.current) return;
    const nonce = randomBytes(NONCE_BYTES);
    this.waiting[way].set(to, nonce);
    this.send(way, to, datagram(QUESTION, stance, nonce));
  }
  forget(address: string): void {
    for (const way of WAYS) this.waiting[way].delete(address);
  }
  close(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    for (const way of WAYS) this.waiting[way].clear();
    if (current) closeAll(current.sockets);
    return Promise.resolve();
  }

  private take(way: PodWay, data: Buffer, { address: from, port }: RemoteInfo): void {
    const { current } = this;
    if (!current || port !== PROBE_PORTS[way] || data.length !== BYTES || !isOurs(data)) return;
    const stance = STANCES[data[BEGINNING.length + 1] ?? STANCES.length];
    if (stance === undefined) return;
    const nonce = data.subarray(HEAD_BYTES);
    const kind = data[BEGINNING.length];
    if (kind === ANSWER) {
      if (!this.waiting[way].get(from)?.equals(nonce)) return;
      this.waiting[way].delete(from);
      current.listener.answered({ from, way, stance });
    } else if (kind === QUESTION) {
      const said = current.listener.asked({ from, way, stance });
      if (said !== undefined) this.send(way, from, datagram(ANSWER, said, nonce));
    }
  }
  private send(way: PodWay, to: string, data: Buffer): void {
    this.current?.sockets[way].send(data, PROBE_PORTS[way], to, () => undefined);
  }
}

function datagram(kind: number, stance: PathStance, nonce: Buffer): Buffer {
  return Buffer.concat([BEGINNING, Buffer.from([kind, STANCES.indexOf(stance)]), nonce]);
}
function isOurs(data: Buffer): boolean {
  return data.subarray(0, BEGINNING.length).equals(BEGINNING);
}
function closeAll(sockets: Open['sockets']): void {
  for (const socket of Object.values(sockets)) {
    try {
      socket.close();
    } catch {
      // It was closed by its own error.
    }
  }
}
