import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Choice, Origin } from './choice.js';
import { listeningPlace } from './listening-place.js';

const CONNECT_MS = 10_000;

/**
 * Listens on an address and port, and joins each connection to a backend until either side ends it. `originOf` says of a client's
 * address where it is; undefined: it is not let in.
 */
export function tcpRelay(choice: Choice, originOf: (client: string) => Origin | undefined): Promise<Server> {
  const { port } = choice.frontend;
  const { address, isIpv6 } = listeningPlace(choice.frontend);
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
    client.on('error', () => client.destroy());
    const from = client.remoteAddress ?? '';
    const origin = originOf(from);
    const backend = origin && choice.pick(from, origin);
    if (!backend) client.resetAndDestroy();
    else join(client, connect({ host: backend.address, port: backend.port, allowHalfOpen: true, noDelay: true }));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, ipv6Only: isIpv6 }, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve(server);
    });
  });
}

function join(client: Socket, server: Socket): void {
  const late = setTimeout(() => server.destroy(new Error('late')), CONNECT_MS);
  server.once('connect', () => {
    clearTimeout(late);
    client.pipe(server);
    server.pipe(client);
  });
  server.on('error', () => client.resetAndDestroy());
  server.once('close', () => {
    clearTimeout(late);
    client.destroy();
  });
  client.once('close', () => server.destroy());
}
