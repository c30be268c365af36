import { createServer, type Server } from 'node:http';
import type { ServiceHealthCheck } from '#model';
import type { ServiceHealthServer, UnservedCheck } from '#ports';

/** Who asks is anybody who reaches the node: a client that is slow is cut off, and one more than so many waits. */
const REQUEST_MS = 5000;
const CONNECTIONS_MAX = 64;

interface Answered {
  check: ServiceHealthCheck;
  readonly server: Server;
}

/** On all addresses of the machine, in this process: nothing answers while the agent is away. */
export class HttpServiceHealth implements ServiceHealthServer {
  private readonly ports = new Map<number, Answered>();
  private isHealthy = false;

  async serve(checks: readonly ServiceHealthCheck[], isHealthy: boolean): Promise<readonly UnservedCheck[]> {
    this.isHealthy = isHealthy;
    const wanted = new Map(checks.map((check) => [check.port, check]));
    for (const [port, { server }] of this.ports) if (!wanted.has(port)) await this.close(port, server);
    const unserved: UnservedCheck[] = [];
    for (const [port, check] of wanted) {
      const known = this.ports.get(port);
      if (known) {
        known.check = check;
        continue;
      }
      const answered: Answered = { check, server: createServer(OPTIONS) };
      this.prepare(answered);
      try {
        await listening(answered.server, port);
        this.ports.set(port, answered);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        unserved.push({ port, service: `${check.namespace}/${check.name}`, why });
      }
    }
    return unserved;
  }
  async stop(): Promise<void> {
    await Promise.all([...this.ports].map(([port, { server }]) => this.close(port, server)));
  }

  private prepare(answered: Answered): void {
    const { server } = answered;
    server.maxConnections = CONNECTIONS_MAX;
    server.on('request', (request, response) => {
      const { namespace, name, localEndpoints } = answered.check;
      const { isHealthy } = this;
      response.writeHead(localEndpoints > 0 && isHealthy ? 200 : 503, {
        'Content-Type': 'application/json',
        'X-Content-Type-Options': 'nosniff',
        'X-Load-Balancing-Endpoint-Weight': `${localEndpoints}`,
        Connection: 'close',
      });
      const body = { service: { namespace, name }, localEndpoints, serviceProxyHealthy: isHealthy };
      response.end(JSON.stringify(body, undefined, '\t'));
      request.resume();
    });
  }
  private close(port: number, server: Server): Promise<void> {
    this.ports.delete(port);
    return new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }
}

const OPTIONS = { headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS, connectionsCheckingInterval: 1000 };

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
