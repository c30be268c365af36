import type { ContainerReading, MachineReading, PodReading } from '#model';
import type { Instant } from '#std';
import type { ContainerRole } from './container-runtime.js';

/** What a node and its pods use, as its kernel counts it. */
export interface NodeMeter {
  /**
   * Reads the machine and these pods; what it kept of others is dropped. Never waits and never fails: what cannot be read is
   * left out, a container without a cgroup included.
   */
  read(pods: readonly MeteredPod[]): MeterReading;
  close(): void;
}
export interface MeteredPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly startedAt: Instant;
  readonly hasHostNetwork: boolean;
  /** Those that run, infra container included. */
  readonly containers: readonly MeteredContainer[];
  /** Volumes whose files count as the pod's, with their folders on the node. */
  readonly volumes: readonly { readonly name: string; readonly path: string }[];
}
export interface MeteredContainer {
  readonly id: string;
  readonly name: string;
  readonly role: ContainerRole;
  readonly image: string;
  readonly startedAt: Instant;
  /** Its first process, by the node's numbers. */
  readonly pid?: number;
  /** Folder of what it wrote on its own layer, and the file of its log, on the node. */
  readonly writableLayer?: string;
  readonly logFile?: string;
}
export interface MeterReading {
  readonly machine: MachineReading;
  /** Pods of which some container could be read, without their infra containers. */
  readonly pods: readonly PodReading[];
  /** Infra containers by the uid of their pod. */
  readonly sandboxes: ReadonlyMap<string, ContainerReading>;
}
