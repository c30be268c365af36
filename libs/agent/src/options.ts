import type { kubelet, podNetwork, serviceProxy } from '#loops';
import type {
  Bus,
  Clock,
  ContainerRuntime,
  Ids,
  IngressPorts,
  IngressServer,
  NameServer,
  NodeMeter,
  PathProber,
  PodRouter,
  PolicyDataplane,
  PodVolumes,
  Prober,
  ServiceDataplane,
  ServiceHealthServer,
} from '#ports';

export interface AgentOptions {
  readonly bus: Bus;
  /** Byte streams get a connection of their own, so that a slow reader never holds up reports. */
  readonly streamBus?: Bus;
  readonly runtime: ContainerRuntime;
  readonly prober: Prober;
  readonly volumes: PodVolumes;
  /** Undefined: nothing is measured. */
  readonly meter?: NodeMeter;
  /** Serves DNS at `node.clusterDns`; undefined: pods get the node's own resolver. */
  readonly nameServer?: NameServer;
  /** Joins the pods of this node with those of others; undefined: somebody else does, or nobody. */
  readonly network?: PodNetworkOptions;
  /** Serves ingresses; undefined: somebody else does, or nobody. */
  readonly ingress?: IngressOptions;
  /** Makes services reachable; undefined: somebody else does, or nobody. */
  readonly services?: ServiceProxyOptions;
  /** Enforces NetworkPolicies; undefined: somebody else does, or nobody. */
  readonly policies?: PolicyDataplane;
  /** What is known of the agent's own process, in the text format of Prometheus. */
  readonly processMetrics?: () => Promise<string>;
  readonly clock: Clock;
  readonly ids: Ids;
  /**
   * Milliseconds since the machine was started: it goes on while the agent does not run, and while the machine sleeps. The clock's own
   * where undefined.
   */
  readonly uptimeMs?: () => number;
  readonly node: NodeOptions;
  /** One line for whoever runs the agent; never a secret. */
  readonly log?: (line: string) => void;
  /** Receives every bug that one pod met and that the agent survived, beside the line in the log: a simulation fails on it. */
  readonly onBug?: (cause: unknown) => void;
}

export interface PodNetworkOptions {
  readonly mode: podNetwork.PodNetworkMode;
  readonly router: PodRouter;
  /** Asks other nodes by which ways packets pass; undefined: addresses alone decide. */
  readonly prober?: PathProber;
}

export interface IngressOptions {
  readonly server: IngressServer;
  readonly ports: IngressPorts;
}

export interface ServiceProxyOptions {
  /** In the order of preference: the first that the node can open is used. None: services are not this agent's business. */
  readonly dataplanes: readonly ServiceDataplane[];
  /** Of other modes: what they made in earlier lives of the agent is taken away. */
  readonly unused?: readonly ServiceDataplane[];
  /** Answers load balancers that ask for the node's health; undefined: nobody does. */
  readonly health?: ServiceHealthServer;
  /** Where an endpoint of this node really is, asked with each change: {@link serviceProxy.Redirect}. */
  readonly redirect?: () => serviceProxy.Redirect | undefined;
}

export interface NodeOptions {
  readonly name: string;
  readonly internalIp: string;
  /** What the host has of IPv6: the address that others reach it by, if any; undefined: its kernel has no IPv6. */
  readonly ipv6?: { readonly address?: string; readonly bits?: number };
  /** Beside hostname, os and arch. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly podsMax: number;
  /** `cluster.local` */
  readonly domain: string;
  /** The address at which this node serves cluster DNS; without one, pods use the node's own resolver. */
  readonly clusterDns: readonly string[];
  /** What the node's own /etc/hosts and /etc/resolv.conf say (their text, not their paths). */
  readonly hostsFile: string;
  readonly resolvConf: string;
  /** Size of the disk that pods write to, in bytes. */
  readonly ephemeralStorageBytes: number;
  /** What is kept from pods: for the system, for the agent and the engine; amounts by resource. */
  readonly reserved?: readonly Readonly<Record<string, string>>[];
  /** Where the node is short of something; {@link kubelet.EVICTION_HARD} where undefined. */
  readonly evictionHard?: kubelet.EvictionThresholds;
  readonly machineId?: string;
  readonly bootId?: string;
  readonly seccompFolder: string;
  /** How often the node is measured, in milliseconds; a second where undefined, and not at all where 0. */
  readonly metricsIntervalMs?: number;
  /** Milliseconds between two heartbeats; {@link HEARTBEAT_MS} where undefined. */
  readonly heartbeatMs?: number;
  readonly syncMs?: number;
  /** How many containers the engine makes at once: more only makes each slower. */
  readonly makingMax?: number;
}

/** A node that is silent for five times as long is lost. */
export const HEARTBEAT_MS = 800;
export const AGENT_VERSION = 'v1.35.4';
