import type { ServiceHealthCheck } from '#model';
import type { ServiceHealthServer, UnservedCheck } from '#ports';

/** Remembers what it is to answer; ports in {@link taken} it cannot have. */
export class MemoryServiceHealth implements ServiceHealthServer {
  checks: readonly ServiceHealthCheck[] = [];
  isHealthy = false;
  readonly taken = new Set<number>();

  serve(checks: readonly ServiceHealthCheck[], isHealthy: boolean): Promise<readonly UnservedCheck[]> {
    this.checks = checks.filter(({ port }) => !this.taken.has(port));
    this.isHealthy = isHealthy;
    return Promise.resolve(
      checks
        .filter(({ port }) => this.taken.has(port))
        .map(({ port, namespace, name }) => ({ port, service: `${namespace}/${name}`, why: 'the port is in use' })),
    );
  }
  stop(): Promise<void> {
    this.checks = [];
    return Promise.resolve();
  }
}
