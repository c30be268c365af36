export const root: string;
/** The environment of this process, and where Node keeps compiled modules. */
export const withCompiled: NodeJS.ProcessEnv;
export function freePort(): Promise<number>;
/** What is still to be taken apart when this process is told to end. Call the result once that is done otherwise. */
export function onEnd(callback: () => Promise<unknown>): () => void;
export interface StartedCluster {
  readonly home: string;
  readonly port: number;
  readonly kubeconfig: string;
  readonly pid: number;
  readonly output: () => string;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  stop(options?: { keep?: boolean }): Promise<{ code: number | null; signal: string | null }>;
}
export function startCluster(options?: {
  apps?: string;
  home?: string;
  port?: number;
  env?: Record<string, string>;
  quiet?: boolean;
}): Promise<StartedCluster>;
