/** Facts about how pods of this node are reached; the engine's bridge for Docker, CNI for CRI. */
export interface PodNetwork {
  /** The pods' range: `10.244.0.0/24`. */
  readonly podCidr: string;
  /** Addresses that this node is known by. */
  nodeAddresses(): { readonly internalIp: string; readonly hostname: string };
}
