import type { ServiceHealthCheck } from '#model';

/**
 * Answers load balancers that ask a node over HTTP whether it has endpoints of a service, as kube-proxy does: 200 where it has some
 * and its data plane is well, 503 elsewhere; the body says how many.
 */
export interface ServiceHealthServer {
  /**
   * Answers at these ports and no others once it resolves. Resolves with the ports that it could not have; those are tried again with
   * the next call. Calls come one after the other.
   */
  serve(checks: readonly ServiceHealthCheck[], isHealthy: boolean): Promise<readonly UnservedCheck[]>;
  /** Gives back all ports. */
  stop(): Promise<void>;
}

export interface UnservedCheck {
  readonly port: number;
  /** `default/web` */
  readonly service: string;
  readonly why: string;
}
