import type { Pod } from '#pod';
import { kubelet } from '#loops';
import { KnownImages } from './known-images.js';
import { capacityOf, reservationOf } from './node-object.js';
import type { NetworkPolicies } from './network-policies.js';
import type { PullRecords } from './pull-records.js';
import type { AgentOptions } from './options.js';
import type { Reporter } from './reporter.js';
import { Tokens } from './tokens.js';
import { Semaphore } from '#engine';
import type { RuntimeInfo } from '#ports';

const MAKING_MAX = 4;

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
  readonly policies: NetworkPolicies;
  readonly objects: kubelet.Objects;
  readonly allocatable: Readonly<Record<string, string>>;
  /** Why nothing of the node is left for pods, undefined where something is. */
  readonly overReserved: string | undefined;
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

/** What of a {@link NodeContext} is the agent's own, or changes while it runs. */
export interface NodeContextParts extends Pick<
  NodeContext,
  'reporter' | 'pulls' | 'policies' | 'objects' | 'resizeRefusal' | 'finished'
> {
  readonly isStopped: () => boolean;
  readonly isSynced: () => boolean;
  readonly nameServers: () => readonly string[];
  /** This node's address of IPv6, where pods have such addresses. */
  readonly ipv6: () => string | undefined;
}
export function nodeContextOf(options: AgentOptions, info: RuntimeInfo, parts: NodeContextParts): NodeContext {
  const { isStopped, isSynced, nameServers, ipv6, ...own } = parts;
  const { name, internalIp, makingMax = MAKING_MAX } = options.node;
  const { scheme } = options.runtime;
  const capacity = capacityOf(options.node, info);
  const reservation = reservationOf(options.node);
  const overReserved = kubelet.reservationProblem(capacity, reservation);
  if (overReserved !== undefined) options.log?.(overReserved);
  return {
    ...own,
    options,
    get node() {
      const second = ipv6();
      return { name, hostIps: second === undefined ? [internalIp] : [internalIp, second], scheme };
    },
    tokens: new Tokens(options),
    making: new Semaphore(makingMax),
    images: new KnownImages(options.runtime, options.clock),
    allocatable: kubelet.allocatableOf(capacity, reservation),
    overReserved,
    info,
    get stopped() {
      return isStopped();
    },
    get synced() {
      return isSynced();
    },
    get nameServers() {
      return nameServers();
    },
    log: (line) => options.log?.(line),
  };
}
