import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import type { Backend, IngressCertificate, IngressRoute } from '#model';
import { HttpIngressServer, type IngressLimits } from './http-ingress-server.js';

/** What a test has to end, the newest first. */
export const ends: (() => unknown)[] = [];
/** A backend that says who it is and what it was sent. */
export async function backend(
  name: string,
  handle?: (server: Server) => void,
): Promise<Backend & { readonly close: () => void }> {
  const server = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (data: Buffer) => (body += data.toString()));
    incoming.on('end', () => {
      response.setHeader('X-Own', name);
      response.end(JSON.stringify({ name, url: incoming.url, headers: incoming.headers, body }));
    });
  });
  handle?.(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const close = (): void => void server.close();
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port, isLocal: true, close };
}
/** A backend that gives this answer to whatever it is sent. */
export async function says(answer: string, connected: (socket: Socket) => void = () => undefined): Promise<Backend> {
  const server = createTcpServer((socket) => {
    ends.push(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(answer, 'latin1', () => connected(socket)));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ends.push(() => server.close());
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port, isLocal: true };
}
/** A port that nobody listens at. */
export async function deaf(): Promise<Backend> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return { address: '127.0.0.1', port, isLocal: true };
}
export const to = (...backends: readonly Backend[]): IngressRoute => ({
  is: 'backends',
  service: 'default/web:http',
  backends,
});

export interface Started {
  readonly http: number;
  readonly https: number;
  route: (host: string | undefined, path: string) => IngressRoute;
  certificate: (host: string) => IngressCertificate | undefined;
  readonly log: string[];
}
export async function started(
  route: Started['route'] = () => to(),
  limits: IngressLimits = { stallMs: 60_000, attemptsMs: 15_000 },
): Promise<Started & { readonly stop: () => Promise<void> }> {
  const log: string[] = [];
  const server = new HttpIngressServer((line) => log.push(line), limits);
  const now = { route, certificate: (_host: string): IngressCertificate | undefined => undefined };
  await server.serve({
    ports: { http: 0, https: 0 },
    route: (host, path) => now.route(host, path),
    certificate: (host) => now.certificate(host),
  });
  ends.push(() => server.stop());
  const [http = 0, https = 0] = server.ports;
  return Object.assign(now, { http, https, log, stop: () => server.stop() });
}
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}
export function ask(
  port: number,
  options: { readonly path?: string; readonly headers?: object; readonly body?: string } = {},
): Promise<Answer> {
  const { path = '/', headers = {}, body } = options;
  return new Promise((done, failed) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        headers: headers as never,
        method: body === undefined ? 'GET' : 'POST',
        agent: false,
      },
      (response) => {
        let text = '';
        response.on('data', (data: Buffer) => (text += data.toString()));
        response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    outgoing.on('error', failed);
    outgoing.end(body);
  });
}
/** All that comes back for these bytes, until the connection ends. */
export function send(port: number, bytes: string): Promise<string> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (data: Buffer) => (text += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => done(text));
    socket.write(bytes, 'latin1');
    ends.push(() => socket.destroy());
  });
}
export interface Seen {
  readonly url: string;
  readonly body: string;
  readonly headers: Record<string, string>;
}
export const seenIn = (text: string): Seen => JSON.parse(/\{.*\}/.exec(text)?.[0] ?? '') as Seen;
