import type { Pod } from '#pod';
import type { kubelet } from '#loops';
import type { KnownImages } from './known-images.js';
import type { PullRecords } from './pull-records.js';
import type { AgentOptions } from './options.js';
import type { Reporter } from './reporter.js';
import type { Tokens } from './tokens.js';
import type { Semaphore } from '#engine';
import type { RuntimeInfo } from '#ports';

/** State and services shared by all pod workers of a node. */
export interface NodeContext {
  readonly options: AgentOptions;
  readonly node: kubelet.NodeFacts;
  readonly reporter: Reporter;
  readonly tokens: Tokens;
  /** Making containers is bounded. */
  readonly making: Semaphore;
  readonly images: KnownImages;
  readonly pulls: PullRecords;
  readonly objects: kubelet.Objects;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly info: RuntimeInfo;
  readonly stopped: boolean;
  /** True once the agent has heard, since it was started, what it is to run. */
  readonly synced: boolean;
  /** Where pods that start now find the cluster's DNS; none: they get the node's own resolver. */
  readonly nameServers: readonly string[];
  /** Why the pod cannot be given what it asks for now, beside the others. */
  resizeRefusal(pod: Pod): kubelet.Situation['resizeRefused'];
  log(line: string): void;
  /** Nothing of the pod is left on the node. */
  finished(uid: string): void;
}
