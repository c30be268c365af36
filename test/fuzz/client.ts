import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';
import type { FuzzRequest } from './grammar.js';

export interface FuzzAnswer {
  /** 0: the connection ended without an answer. */
  readonly status: number;
  readonly text: string;
  readonly ms: number;
}

interface KubeConfig {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
}

/** As long as a client waits. */
const TIMEOUT_MS = 60_000;
/** Bytes of an answer that are kept. */
const KEPT_BYTES = 64 * 1024;

/** Sends requests as the cluster's administrator, over connections of its own. */
export class FuzzClient {
  private readonly agent: Agent;
  private readonly server: URL;

  constructor(kubeconfig: string, connections: number) {
    const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as KubeConfig;
    const cluster = clusters[0]?.cluster ?? {};
    const user = users[0]?.user ?? {};
    const decoded = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64');
    this.server = new URL(cluster['server'] ?? '');
    this.agent = new Agent({
      keepAlive: true,
      maxSockets: connections,
      ca: decoded(cluster['certificate-authority-data']),
      cert: decoded(user['client-certificate-data']),
      key: decoded(user['client-key-data']),
    });
  }

  send({ method, path, headers, body }: Omit<FuzzRequest, 'about'>): Promise<FuzzAnswer> {
    const sent = performance.now();
    return new Promise((resolve) => {
      const done = (status: number, text: string): void => resolve({ status, text, ms: performance.now() - sent });
      const options = {
        ...{ host: this.server.hostname, port: this.server.port, agent: this.agent, timeout: TIMEOUT_MS },
        ...{ method, path, headers: { ...headers, ...(body && { 'content-length': body.length }) } },
      };
      const call = request(options, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => {
          if (text.length < KEPT_BYTES) text += chunk.toString();
        });
        answer.once('end', () => done(answer.statusCode ?? 0, text));
        answer.once('error', (cause) => done(0, cause.message));
      });
      call.once('timeout', () => call.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      call.once('error', (cause) => done(0, cause.message));
      call.end(body);
    });
  }

  get(path: string): Promise<FuzzAnswer> {
    return this.send({ method: 'GET', path, headers: {}, body: undefined });
  }
  post(path: string, value: unknown): Promise<FuzzAnswer> {
    const headers = { 'content-type': 'application/json' };
    return this.send({ method: 'POST', path, headers, body: Buffer.from(JSON.stringify(value)) });
  }
  close(): void {
    this.agent.destroy();
  }
}
