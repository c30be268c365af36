/**
 * One way into a port of a service, as the service proxy of a node carries it out: an address and port, and where new
 * connections to it go. What a Service and its EndpointSlices mean for a node is decided in `#loops` (serviceProxy); a
 * `ServiceDataplane` (`#ports`) makes it so.
 */
export interface Frontend {
  /** Names the frontend on its node: `10.96.0.10/UDP/53`, `node/TCP/30080`, of IPv6 `node6/TCP/30080`. */
  readonly key: string;
  /** Undefined: a node port, taken on each address of the node but loopback. */
  readonly address: string | undefined;
  /** Of a node port: it is taken on the node's addresses of IPv6; those of IPv4 where it is not said. */
  readonly family?: 'IPv6';
  readonly protocol: ServiceProtocol;
  readonly port: number;
  /** The port of the service that it leads to, `default/web:http`, for messages. */
  readonly service: string;
  /** Connections to it may come from outside of the cluster. */
  readonly isExternal: boolean;
  /** In the order of their addresses, each once. */
  readonly backends: readonly Backend[];
  /** Where pods and programs of the node itself are led instead: only what comes from outside has to stay on the node. */
  readonly inside?: readonly Backend[];
  /** A client stays with its backend until it was away for so long, in seconds; undefined: each connection is on its own. */
  readonly affinitySeconds: number | undefined;
  /** Backends see the node's address as the client's, so that answers from other nodes come back this way. */
  readonly hidesClient: boolean;
  /** Without a backend: refused at once, or (its backends are on other nodes, and traffic is to stay on this one) dropped. */
  readonly whenEmpty: 'reject' | 'drop';
  /** Only clients in these ranges (`10.0.0.0/8`) are let in; undefined: all. */
  readonly sourceRanges: readonly string[] | undefined;
  /**
   * An address of a load balancer is answered for by one node of the cluster; the others lead what their own pods send there.
   * Undefined: it is another address.
   */
  readonly answeredBy: 'this node' | 'other node' | undefined;
}
export type ServiceProtocol = 'TCP' | 'UDP' | 'SCTP';
export interface Backend {
  readonly address: string;
  readonly port: number;
  /** It runs on this node: a client may be the backend itself. */
  readonly isLocal: boolean;
}
/** Frontends that are new or different, and the keys of those that are gone. */
export interface FrontendChanges {
  readonly changed: readonly Frontend[];
  readonly gone: readonly string[];
}
/**
 * A port on which a node tells a load balancer whether it has endpoints of a service whose traffic from outside stays on the node
 * that it came to (`spec.healthCheckNodePort`).
 */
export interface ServiceHealthCheck {
  readonly port: number;
  readonly namespace: string;
  readonly name: string;
  /** Ready endpoints on this node. */
  readonly localEndpoints: number;
}
