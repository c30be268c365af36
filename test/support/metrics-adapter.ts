import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';

export const CUSTOM = 'custom.metrics.k8s.io';
export const EXTERNAL = 'external.metrics.k8s.io';

/** How it is wrong: not at all, never answers, answers NaN, a list without end (10 MB), other objects than were asked for. */
export type Manner = 'well' | 'hangs' | 'nan' | 'huge' | 'lies' | 'refuses' | 'stammers';

export interface MetricsAdapterOptions {
  readonly certificate: string;
  readonly privateKey: string;
  /** CA of the certificates that clients are believed by. */
  readonly frontProxyCa: string;
  readonly host?: string;
  readonly port?: number;
}
interface Asked {
  readonly url: string;
  readonly user: string | undefined;
  readonly client: string | undefined;
}

const TEN_MEGABYTES = 10 * 1024 * 1024;

/** A server of custom and external metrics, over real HTTPS, whose figures and manners a test sets. */
export class MetricsAdapter {
  manner: Manner = 'well';
  /** What it was asked, but for the documents that say what it has. */
  readonly asked: Asked[] = [];
  /** Bytes of the last 10 MB that a client took before it had enough. */
  bytesTaken = 0;
  /** Values by `metric namespace/pod`. */
  readonly pods = new Map<string, string>();
  /** Values by `metric namespace/resource/name`; a namespace itself is `metric namespace`. */
  readonly objects = new Map<string, string>();
  /** Values by `metric namespace`. */
  readonly external = new Map<string, readonly string[]>();
  /** When its figures were taken; undefined: just now. */
  at: string | undefined;

  private constructor(private readonly server: Server) {}

  static async start({ certificate, privateKey, frontProxyCa, host = '127.0.0.1', port = 0 }: MetricsAdapterOptions) {
    const server = createServer({
      ...{ cert: certificate, key: privateKey, ca: frontProxyCa, requestCert: true, rejectUnauthorized: false },
    });
    const made = new MetricsAdapter(server);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => made.handle(request, response));
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
    return made;
  }
  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'https://adapter');
    const [root, group, version, ...rest] = url.pathname.slice(1).split('/').map(decodeURIComponent);
    const send = (code: number, body: unknown): void => {
      response.writeHead(code, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (root !== 'apis' || (group !== CUSTOM && group !== EXTERNAL)) return send(404, notFound(url.pathname));
    const groupVersion = `${group}/${version}`;
    if (rest.length === 0) return send(200, { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: [] });
    const socket = request.socket as TLSSocket;
    this.asked.push({
      url: request.url ?? '',
      user: request.headers['x-remote-user'] as string | undefined,
      client: socket.authorized ? String(socket.getPeerCertificate().subject.CN) : undefined,
    });
    const items = group === CUSTOM ? this.custom(version ?? '', rest) : this.outside(rest);
    const kind = group === CUSTOM ? 'MetricValueList' : 'ExternalMetricValueList';
    switch (this.manner) {
      case 'hangs':
        return;
      case 'huge':
        return this.flood(response, `{"kind":"${kind}","items":[`);
      case 'refuses':
        return send(500, { kind: 'Status', code: 500, message: 'the backend of these figures is on fire' });
      case 'stammers':
        response.end('<html>');
        return;
      default:
        if (items.length === 0 && this.manner === 'well' && rest[2] !== '*' && group === CUSTOM)
          return send(404, notFound(rest.at(-1) ?? ''));
        return send(200, { kind, apiVersion: groupVersion, metadata: {}, items });
    }
  }

  private custom(version: string, [, namespace = '', ...rest]: readonly string[]): readonly object[] {
    const timestamp = this.at ?? new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const of = version === 'v1beta1' ? { window: 30 } : { windowSeconds: 30 };
    const one = (about: object, value: string, metric: string): object => ({
      describedObject: this.manner === 'lies' ? { ...about, name: 'somebody-else', namespace } : about,
      ...(version === 'v1beta1' ? { metricName: metric } : { metric: { name: metric } }),
      ...{ timestamp, ...of, value: this.manner === 'nan' ? 'NaN' : value },
    });
    const [resource = '', name = '', metric = ''] = rest;
    if (resource === 'metrics') {
      const value = this.objects.get(`${name} ${namespace}`);
      return value === undefined ? [] : [one({ kind: 'Namespace', name: namespace, apiVersion: '/v1' }, value, name)];
    }
    if (name === '*')
      return [...this.pods].flatMap(([key, value]) => {
        const [of = '', where = ''] = key.split(' ');
        const [home, pod] = where.split('/');
        return of === metric && home === namespace
          ? [one({ kind: 'Pod', namespace, name: pod, apiVersion: '/v1' }, value, metric)]
          : [];
      });
    const value = this.objects.get(`${metric} ${namespace}/${resource}/${name}`);
    return value === undefined ? [] : [one({ namespace, name }, value, metric)];
  }

  private outside([, namespace = '', metric = '']: readonly string[]): readonly object[] {
    const timestamp = new Date().toISOString();
    return (this.external.get(`${metric} ${namespace}`) ?? []).map((value) => ({
      metricName: metric,
      metricLabels: {},
      timestamp,
      value: this.manner === 'nan' ? 'NaN' : value,
    }));
  }

  /** Writes ten megabytes as fast as they are taken. */
  private flood(response: ServerResponse, head: string): void {
    this.bytesTaken = 0;
    const part = `${' '.repeat(16 * 1024)}{},`;
    const go = (): void => {
      while (this.bytesTaken < TEN_MEGABYTES && !response.destroyed) {
        this.bytesTaken += part.length;
        if (!response.write(part)) return void response.once('drain', go);
      }
      response.end('{}]}');
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(head);
    go();
  }
}

function notFound(what: string): object {
  return {
    kind: 'Status',
    status: 'Failure',
    code: 404,
    reason: 'NotFound',
    message: `the server could not find ${what}`,
  };
}
