/** Where the pods of a node are. */
export interface PodNetwork {
  /** The bridge that they are on: `br-0123456789ab`. */
  readonly bridge: string;
  /** `10.244.0.0/24` */
  readonly cidr: string;
}
