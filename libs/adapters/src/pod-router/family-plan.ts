import type { PodRouterPlan } from '#ports';

/** What a plan says of one family. */
export interface FamilyPlan extends Pick<PodRouterPlan, 'cluster' | 'isWhole' | 'podCidr' | 'paths'> {
  /** The node's own range. */
  readonly own: string;
}
export function familiesOf(plan: PodRouterPlan): readonly FamilyPlan[] {
  const { cluster, isWhole, podCidr, paths, pods, ipv6 } = plan;
  const four = { cluster, isWhole, podCidr, paths, own: pods.cidr };
  return ipv6 && pods.cidrIpv6 !== undefined ? [four, { cluster, isWhole, ...ipv6, own: pods.cidrIpv6 }] : [four];
}
