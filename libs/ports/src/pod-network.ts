/** Where the pods of a node are. */
export interface PodNetwork {
  /** The bridge that they are on: `br-0123456789ab`. */
  readonly bridge: string;
  /** `10.244.0.0/24` */
  readonly cidr: string;
  /** `fd00:10:244::/64`; undefined: pods of this node have addresses of IPv4 alone. */
  readonly cidrIpv6?: string;
}
