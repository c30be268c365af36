import { createServer, type Server } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';

export const GROUP = 'wardle.example.com';
export const FLUNDERS = `/apis/${GROUP}/v1/namespaces/default/flunders`;

/** A request as the aggregated server got it. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Common name of the client's certificate; undefined when the front proxy's CA did not sign it. */
  readonly client: string | undefined;
  readonly body: string;
}
export interface AggregatedServerOptions {
  readonly certificate: string;
  readonly privateKey: string;
  /** CA of the certificates that clients are believed by. */
  readonly frontProxyCa: string;
  readonly host?: string;
}
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const RESOURCES = [
  {
    name: 'flunders',
    singularName: 'flunder',
    namespaced: true,
    kind: 'Flunder',
    verbs: ['create', 'get', 'list', 'watch'],
  },
  { name: 'flunders/status', singularName: '', namespaced: true, kind: 'Flunder', verbs: ['get'] },
];

/** An aggregated API server with one group version and one kind, over real HTTPS. `answers` replaces its answers by path. */
export class AggregatedTestServer {
  readonly received: Received[] = [];
  readonly answers = new Map<string, Answer>();
  /** Watches that are open: each writes lines to its client. */
  readonly watches: ServerResponse[] = [];

  private readonly switched = new Set<TLSSocket>();

  private constructor(private readonly server: Server) {}

  static async start({ certificate, privateKey, frontProxyCa, host = '127.0.0.1' }: AggregatedServerOptions) {
    const server = createServer({
      ...{ cert: certificate, key: privateKey, ca: frontProxyCa, requestCert: true, rejectUnauthorized: false },
    });
    const made = new AggregatedTestServer(server);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void made.handle(request, response));
    // Any protocol: it says what it hears.
    server.on('upgrade', (request: IncomingMessage, socket: TLSSocket) => {
      made.note(request, '');
      made.switched.add(socket);
      socket.on('error', () => undefined);
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`,
      );
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return made;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Requests of clients, without measurements. */
  get forwarded(): readonly Received[] {
    return this.received.filter(({ headers }) => headers['x-remote-user'] !== 'system:kube-aggregator');
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    for (const socket of this.switched) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private note(request: IncomingMessage, body: string): void {
    const socket = request.socket as TLSSocket;
    const client = socket.authorized ? String(socket.getPeerCertificate().subject.CN) : undefined;
    this.received.push({
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      client,
      body,
    });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const own = this.answers.get(path);
    if (own) {
      this.note(request, '');
      return own(request, response);
    }
    let body = '';
    for await (const part of request) body += String(part);
    this.note(request, body);
    const json = (value: unknown, type = 'application/json'): void => {
      response.setHeader('content-type', type);
      response.end(JSON.stringify(value));
    };
    switch (path) {
      case '/apis':
        return json(discovery(), 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
      case `/apis/${GROUP}/v1`:
        return json({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${GROUP}/v1`, resources: RESOURCES });
      case '/openapi/v3':
        return json({
          paths: { [`apis/${GROUP}/v1`]: { serverRelativeURL: `/openapi/v3/apis/${GROUP}/v1?hash=ABC` } },
        });
      case `/openapi/v3/apis/${GROUP}/v1`:
        return json({ openapi: '3.0.0', info: { title: 'wardle', version: '1' }, paths: {} });
      case '/openapi/v2':
        return json(openApiV2());
      case FLUNDERS:
        if (request.url?.includes('watch=')) {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.flushHeaders();
          this.watches.push(response);
          return;
        }
        if (request.method === 'POST') response.statusCode = 201;
        return json({ kind: 'FlunderList', apiVersion: `${GROUP}/v1`, metadata: {}, items: [], body });
      default:
        response.statusCode = 404;
        return json({ kind: 'Status', code: 404 });
    }
  }
}

function discovery(): object {
  const resource = {
    resource: 'flunders',
    responseKind: { group: GROUP, version: 'v1', kind: 'Flunder' },
    scope: 'Namespaced',
    singularResource: 'flunder',
    verbs: ['create', 'get', 'list', 'watch'],
  };
  const versions = [{ version: 'v1', resources: [resource], freshness: 'Current' }];
  return { kind: 'APIGroupDiscoveryList', metadata: {}, items: [{ metadata: { name: GROUP }, versions }] };
}

function openApiV2(): object {
  const own = { $ref: '#/definitions/com.example.Flunder' };
  const get = {
    operationId: 'listFlunder',
    produces: ['application/json'],
    responses: { 200: { description: 'OK', schema: own } },
  };
  return {
    swagger: '2.0',
    info: { title: 'wardle', version: '1' },
    paths: { [`/apis/${GROUP}/v1/flunders`]: { get }, '/api/v1/pods': { get } },
    definitions: {
      'com.example.Flunder': {
        type: 'object',
        properties: { metadata: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' } },
      },
      'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta': { type: 'object', description: 'of another build' },
      'com.example.Unused': { type: 'object' },
    },
  };
}
