import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** How long the server gets to make an append durable before the connection is cut. */
const CUT_AFTER_MS = 300;

/** Stands between a client and a server, genuine or not, and can take an answer away. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [client: Socket, server: Socket]>();
  #losing = false;
  #silent = false;
  #frozen = false;

  private constructor(host: string, port: number) {
    this.#server = createServer((client) => this.#join(client, connect(port, host)));
  }

  static async before(host: string, port: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(host, port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What is asked next reaches the server; the answer does not come back, and the connection breaks. */
  loseNextAnswer(): void {
    this.#losing = true;
  }

  /** Nothing comes back any more, and nothing breaks either, until it ends. */
  set silent(silent: boolean) {
    this.#silent = silent;
    if (!silent) this.cut();
  }

  /** What is sent from now on waits on the way, in both directions, and new connections are only taken: nobody is told. */
  freeze(): void {
    this.#frozen = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }
  thaw(): void {
    this.#frozen = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  cut(): void {
    this.#losing = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, server: Socket): void {
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    let cutting: NodeJS.Timeout | undefined;
    client.on('data', (chunk) => {
      server.write(chunk);
      if (this.#losing) cutting ??= setTimeout(() => this.cut(), CUT_AFTER_MS);
    });
    server.on('data', (chunk) => {
      if (!this.#losing && !this.#silent) client.write(chunk);
    });
    for (const socket of pair) {
      if (this.#frozen) socket.pause();
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        clearTimeout(cutting);
        this.#pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
  }
}
