import {
  CertificateSigner,
  HttpsAsker,
  MemoryBusHub,
  MemoryEventLog,
  MemoryHistoryIndex,
  openMemoryKeys,
  RandomIds,
  SystemClock,
} from '#adapters';
import { ClusterBackend, ControlPlane } from '#engine';
import { bootstrapKind, bootstrapObjects, registry } from '#kinds';
import type { Command } from '#model';
import { testCommand } from '#model/testing';
import type { Authorizer, Clock, Keys } from '#ports';
import type { JsonObject } from '#std';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Aggregator } from '../aggregation/index.js';
import { createApi, type ApiOptions } from '../api.js';
import type { Backend } from '../backend.js';

/** What a server answered. */
export interface Reply {
  readonly code: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** The text as JSON; undefined when it is none. */
  readonly json: JsonObject | undefined;
}
export interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For streams: end after so many lines, or once nothing has come for so many milliseconds. */
  readonly lines?: number;
  readonly ms?: number;
}

const DAY_MS = 86_400_000;

const everybody: Authorizer = {
  authorize: () => ({ allowed: true, reason: '' }),
  rules: () => ({ rules: [], incomplete: true }),
};

export interface TestServerOptions extends Partial<ApiOptions> {
  /** Makes the aggregator, which needs what the server is made of. */
  readonly aggregatorOf?: (parts: {
    readonly backend: Backend;
    readonly keys: Keys;
    readonly plane: ControlPlane;
    readonly clock: Clock;
  }) => Aggregator;
}

/** A whole control plane in memory behind a plain HTTP server, where everybody may do everything unless told otherwise. */
export class TestServer {
  private constructor(
    readonly backend: Backend,
    readonly keys: Keys,
    readonly plane: ControlPlane,
    /** The bus of the control plane, for a test that plays another app. */
    readonly hub: MemoryBusHub,
    private readonly server: Server,
  ) {}

  static async start(options: TestServerOptions = {}, clock: Clock = new SystemClock()): Promise<TestServer> {
    const hub = new MemoryBusHub(clock);
    const keys = await openMemoryKeys();
    const kinds = registry;
    const onFatal = (cause: unknown): void => {
      throw cause;
    };
    const soon = (callback: () => void): void => void setImmediate(callback);
    const plane = new ControlPlane({
      log: new MemoryEventLog(),
      kinds,
      keys,
      clock,
      ids: new RandomIds(),
      askers: { https: new HttpsAsker(), signer: new CertificateSigner(keys) },
      build: 'test',
      history: new MemoryHistoryIndex(),
      soon,
      onFatal,
    });
    await plane.start();
    const backend: Backend = new ClusterBackend(plane, await plane.becomeWriter('test'), hub.connect('api'));
    plane.shredDeleted({ keys, keepMs: DAY_MS, onError: onFatal });
    const { aggregatorOf, ...more } = options;
    const aggregator = aggregatorOf?.({ backend, keys, plane, clock });
    const parts = { backend, keys, address: 'localhost:1', authorizer: everybody, ...(aggregator && { aggregator }) };
    const api = createApi({ ...parts, ...more });
    const server = createServer((asked, answer) => api.handle(asked, answer));
    server.on('upgrade', (asked, socket, head) => api.upgrade(asked, socket, head));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const test = new TestServer(options.backend ?? backend, keys, plane, hub, server);
    for (const name of ['default', 'other']) await test.create('/api/v1/namespaces', { metadata: { name } });
    return test;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.plane.stop();
  }

  /** Makes the ClusterRoles that every cluster has, and their bindings. */
  async makeRoles(): Promise<void> {
    const made = bootstrapObjects.map(async (object) => {
      const { namespace } = object.metadata;
      if (namespace !== undefined) return;
      const { id } = bootstrapKind(object);
      await this.backend.submit(testCommand({ verb: 'create', kind: id, body: object as unknown as JsonObject }));
    });
    await Promise.all(made);
  }

  /** What was kept of the last minutes is forgotten, as it is after minutes. */
  forget(): void {
    this.plane.reads.window.reset();
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async create(path: string, body: JsonObject): Promise<JsonObject> {
    const reply = await this.ask({ method: 'POST', path, body });
    if (reply.code !== 201 || !reply.json) throw new Error(`${path}: ${reply.text}`);
    return reply.json;
  }
  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    return this.ask({ path, headers });
  }

  ask({ method = 'GET', path, body, type, headers = {}, lines, ms }: Ask): Promise<Reply> {
    const { port } = this;
    const bytes =
      body === undefined
        ? undefined
        : Buffer.isBuffer(body)
          ? body
          : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port,
          method,
          path,
          headers: {
            ...(bytes && { 'content-length': bytes.length, 'content-type': type ?? 'application/json' }),
            ...headers,
          },
        },
        (answer) => {
          let text = '';
          const done = (): void => {
            if (timer) clearTimeout(timer);
            asked.destroy();
            resolve({ code: answer.statusCode ?? 0, headers: answer.headers, text, json: parsed(text) });
          };
          const timer = ms === undefined ? undefined : setTimeout(done, ms);
          answer.setEncoding('utf8');
          answer.on('data', (chunk: string) => {
            text += chunk;
            timer?.refresh();
            if (lines !== undefined && text.split('\n').length > lines) done();
          });
          answer.on('end', done);
          answer.on('error', done);
        },
      );
      asked.on('error', reject);
      asked.end(bytes);
    });
  }
}

function parsed(text: string): JsonObject | undefined {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return undefined;
  }
}

/** The events of a watch. */
export function eventsOf(reply: Reply): readonly { type: string; object: JsonObject }[] {
  return reply.text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { type: string; object: JsonObject });
}
export type { Command };
