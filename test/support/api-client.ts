import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body as JSON; an empty object where it is none. */
  json<T = ApiObject>(): T;
}
/** As much of any object as the tests look at. */
export interface ApiObject {
  readonly kind: string;
  readonly reason?: string;
  readonly message?: string;
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly items?: readonly ApiObject[];
}
export interface ApiRequest {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly timeoutMs?: number;
}

interface KubeConfig {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
}

/** The API as a plain program calls it: no retries, raw bytes, an error when nobody answered. */
export class ApiClient {
  private readonly agent: Agent;
  private readonly base: string;

  constructor(kubeconfig: string) {
    const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as KubeConfig;
    const cluster = clusters[0]?.cluster ?? {};
    const user = users[0]?.user ?? {};
    const decoded = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64');
    this.base = cluster['server'] ?? '';
    this.agent = new Agent({
      keepAlive: true,
      maxSockets: 32,
      ca: decoded(cluster['certificate-authority-data']),
      cert: decoded(user['client-certificate-data']),
      key: decoded(user['client-key-data']),
    });
  }

  get(path: string): Promise<ApiAnswer> {
    return this.call('GET', path);
  }

  call(method: string, path: string, options: ApiRequest = {}): Promise<ApiAnswer> {
    const { body, contentType = 'application/json', timeoutMs = 20_000 } = options;
    const text =
      body === undefined ? undefined : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const call = request(
        `${this.base}${path}`,
        {
          method,
          agent: this.agent,
          timeout: timeoutMs,
          headers: { accept: 'application/json', ...(text !== undefined && { 'content-type': contentType }) },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', reject);
          response.once('end', () =>
            resolve(answer(response.statusCode ?? 0, response.headers, Buffer.concat(chunks))),
          );
        },
      );
      call.once('timeout', () => call.destroy(new Error(`${method} ${path} was not answered in time`)));
      call.once('error', reject);
      call.end(text);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

function answer(status: number, headers: IncomingHttpHeaders, body: Buffer): ApiAnswer {
  return {
    status,
    headers,
    body,
    json: <T>(): T => {
      try {
        return JSON.parse(body.toString()) as T;
      } catch {
        return {} as T;
      }
    },
  };
}
