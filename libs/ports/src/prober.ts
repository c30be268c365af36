/** Asks a container whether it is well. Never rejects: what goes wrong is an answer. */
export interface Prober {
  probe(probe: ProbeTarget): Promise<ProbeAnswer>;
}
export type ProbeTarget = ExecTarget | HttpTarget | TcpTarget | GrpcTarget;
interface Timed {
  readonly timeoutMs: number;
}
export interface ExecTarget extends Timed {
  readonly is: 'exec';
  readonly containerId: string;
  readonly command: readonly string[];
}
export interface HttpTarget extends Timed {
  readonly is: 'http';
  readonly scheme: 'HTTP' | 'HTTPS';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
}
export interface TcpTarget extends Timed {
  readonly is: 'tcp';
  readonly host: string;
  readonly port: number;
}
export interface GrpcTarget extends Timed {
  readonly is: 'grpc';
  readonly host: string;
  readonly port: number;
  readonly service: string;
}
export interface ProbeAnswer {
  /**
   * `warning` counts as `success`, but somebody should know of it. `unknown`: the probe itself did not work (the engine was
   * away); it counts neither for nor against.
   */
  readonly result: 'success' | 'warning' | 'failure' | 'unknown';
  /** What Kubernetes prints after `Liveness probe failed: ` or `Liveness probe warning: `. */
  readonly output: string;
}
