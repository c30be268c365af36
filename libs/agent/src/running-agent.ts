import type { PodWorker } from './pod-worker.js';

export interface Agent {
  /** Resolves once the agent runs; it goes on trying when the control plane cannot be reached. */
  start(): Promise<void>;
  /** Ends the pods of the node, which is about to be off; resolves when they have ended, or their time is over. */
  drain(): Promise<void>;
  /** Workloads go on running. */
  stop(): Promise<void>;
  /** Returns the worker of a pod; log, exec and port-forward sessions read its containers. */
  pod(namespace: string, name: string, uid?: string): PodWorker | undefined;
}
