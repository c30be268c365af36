import type { IngressCertificate, IngressRoute } from '#model';

/** Takes HTTP requests from outside on the ports of one node and passes them to backends. */
export interface IngressServer {
  /**
   * Listens, or goes on listening. Each request asks for its route and each TLS handshake for its certificate, so that changes
   * count from the next one on and no connection is closed for them. Rejects, with one sentence for whoever runs the node, where
   * a port cannot be had.
   */
  serve(service: IngressService): Promise<void>;
  /** Takes no new connections; requests under way end. */
  stop(): Promise<void>;
}
export interface IngressService {
  readonly ports: IngressPorts;
  /** `host` is lower case and without its port; undefined: the client named none. */
  readonly route: (host: string | undefined, path: string) => IngressRoute;
  /** Undefined: there is none, and the handshake is refused. */
  readonly certificate: (host: string) => IngressCertificate | undefined;
}
export interface IngressPorts {
  readonly http: number;
  readonly https: number;
}
