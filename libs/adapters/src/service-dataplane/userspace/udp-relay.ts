import { createSocket, type Socket } from 'node:dgram';
import type { Backend } from '#model';
import type { Choice, Origin } from './choice.js';
import { listeningPlace } from './listening-place.js';

const IDLE_MS = 60_000;
const FLOWS_MAX = 4096;

interface Flow {
  readonly backend: Backend;
  readonly origin: Origin;
  readonly socket: Socket;
  end: NodeJS.Timeout;
}

/** Takes datagrams on an address and port to a backend, the same for a client's port until it was idle for a minute. */
export class UdpRelay {
  private readonly flows = new Map<string, Flow>();

  private constructor(
    private readonly choice: Choice,
    private readonly originOf: (client: string) => Origin | undefined,
    private readonly socket: Socket,
  ) {}

  /** `originOf` says of a client's address where it is; undefined: it is not let in. */
  static open(choice: Choice, originOf: (client: string) => Origin | undefined): Promise<UdpRelay> {
    const { port } = choice.frontend;
    const { address, isIpv6 } = listeningPlace(choice.frontend);
    const socket = createSocket({ type: isIpv6 ? 'udp6' : 'udp4', ipv6Only: isIpv6 });
    const relay = new UdpRelay(choice, originOf, socket);
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port, exclusive: true }, () => {
        socket.off('error', reject);
        socket.on('error', () => undefined);
        socket.on('message', (data, peer) => relay.take(data, peer.address, peer.port));
        resolve(relay);
      });
    });
  }

  /** Flows to backends that are gone are forgotten. */
  changed(): void {
    for (const [key, flow] of this.flows) if (!this.choice.has(flow.backend, flow.origin)) this.forget(key, flow);
  }
  close(): void {
    for (const [key, flow] of this.flows) this.forget(key, flow);
    this.socket.close();
  }

  private take(data: Buffer, address: string, port: number): void {
    const origin = this.originOf(address);
    if (!origin) return;
    const key = `${address}:${port}`;
    const flow = this.flows.get(key) ?? this.begin(key, origin, { address, port });
    if (!flow) return;
    flow.end.refresh();
    flow.socket.send(data, flow.backend.port, flow.backend.address, () => undefined);
  }
  private begin(
    key: string,
    origin: Origin,
    { address, port }: { readonly address: string; readonly port: number },
  ): Flow | undefined {
    const backend = this.choice.pick(address, origin);
    if (!backend || this.flows.size >= FLOWS_MAX) return undefined;
    const socket = createSocket(backend.address.includes(':') ? 'udp6' : 'udp4');
    const flow: Flow = { backend, origin, socket, end: setTimeout(() => this.forget(key, flow), IDLE_MS).unref() };
    socket.on('error', () => this.forget(key, flow));
    socket.on('message', (data, peer) => {
      if (peer.address !== backend.address || peer.port !== backend.port) return;
      flow.end.refresh();
      this.socket.send(data, port, address, () => undefined);
    });
    this.flows.set(key, flow);
    return flow;
  }
  private forget(key: string, flow: Flow): void {
    if (this.flows.get(key) !== flow) return;
    this.flows.delete(key);
    clearTimeout(flow.end);
    flow.socket.close();
  }
}
