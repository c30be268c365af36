/**
 * How packets of pods get from one node to another: by the node's routes on a layer-2 network that both are on, or in packets of
 * VXLAN between the nodes. What the nodes of a cluster mean for one of them is decided in `#loops` (podNetwork); a `PodRouter`
 * (`#ports`) makes it so.
 */
export interface PodPath {
  readonly node: string;
  /** The node's range: `10.244.1.0/24`. */
  readonly podCidr: string;
  /** The node's own address: of IPv4, but for routes to ranges of IPv6. */
  readonly address: string;
  readonly way: PodWay;
  /** Packets of probes may take this one too, and what comes by it is taken. */
  readonly spare?: PodWay;
  /** Both nodes ask each other by which ways packets pass, and choose by that. */
  readonly isProbed?: boolean;
}
export type PodWay = 'route' | 'vxlan';

/**
 * What one node tells another of the path between them: it goes by the route; it does, but doubts it and keeps VXLAN ready; it goes by
 * VXLAN, or is about to; it does, and would go by the route again.
 */
export type PathStance = 'route' | 'doubt' | 'vxlan' | 'return';

/** What a node's networks look like, without anything of Shiplog's own. IPv4 only. */
export interface HostNetwork {
  readonly addresses: readonly HostAddress[];
  /** Where packets go that are for no address of its own; the default route is left out. */
  readonly routes: readonly HostRoute[];
}
export interface HostAddress {
  readonly address: string;
  /** Bits of the network: 24. */
  readonly bits: number;
  readonly device: string;
  /** Bytes of the largest packet on that device. */
  readonly mtu: number;
}
export interface HostRoute {
  readonly cidr: string;
  readonly device: string;
  /** Packets are sent to another machine, which sends them on. */
  readonly isIndirect: boolean;
}
