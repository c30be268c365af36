/**
 * What NetworkPolicies mean for the pods of one node, as a `PolicyDataplane` (`#ports`) enforces it. It is decided in `#loops`
 * (networkPolicy) from the policies that select pods of the node and from {@link PEER_GROUPS}.
 */
export interface PodRules {
  /** Of the pod. */
  readonly address: string;
  /** Traffic to the pod that is allowed; undefined: no policy isolates it in this direction. */
  readonly ingress: readonly AllowRule[] | undefined;
  /** Traffic from the pod that is allowed; undefined: no policy isolates it in this direction. */
  readonly egress: readonly AllowRule[] | undefined;
}

/** Allows what matches everything that it names. */
export interface AllowRule {
  /** The other end is a member of one of the groups, or within one of the blocks; undefined: it may be anything. */
  readonly peers?: { readonly groups: readonly string[]; readonly blocks: readonly AddressBlock[] };
  /** The destination port is in one of these; undefined: any port of any protocol. */
  readonly ports?: readonly PortRange[];
  /** Of egress, in place of `ports`: the destination's address and port are a member of the group. */
  readonly endpoints?: { readonly protocol: PolicyProtocol; readonly group: string };
}
export interface AddressBlock {
  /** `10.0.0.0/8` */
  readonly cidr: string;
  readonly except: readonly string[];
}
export interface PortRange {
  readonly protocol: PolicyProtocol;
  readonly first: number;
  readonly last: number;
}
export type PolicyProtocol = 'TCP' | 'UDP' | 'SCTP';

/** What is different since the last changes. */
export interface PolicyChanges {
  /** Pods whose rules are new or different. */
  readonly pods: readonly PodRules[];
  /** Addresses that no rules concern any more. */
  readonly gonePods: readonly string[];
  /** Addresses with rules that another pod had before, or that no policy isolated in a direction that one does now. */
  readonly fresh: readonly string[];
  /** Groups whose members changed; of a new one, all of them are added. */
  readonly groups: readonly GroupChange[];
  /** Groups that no rule names any more. */
  readonly goneGroups: readonly string[];
}
export interface GroupChange {
  readonly id: string;
  /** Members are addresses (`10.244.1.5`), or endpoints (`10.244.1.5:8080`). */
  readonly hasPorts: boolean;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/**
 * Kind of the streams, one for each slice of a group of pods, that NetworkPolicies name as peers. The group is the stream's namespace.
 * They travel with what all nodes need alike, and hold addresses alone.
 */
export const PEER_GROUPS = 'policy-peers';
