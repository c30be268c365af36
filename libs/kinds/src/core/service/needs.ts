import type { Service } from './schema.js';

/** What the type of a service asks of the cluster. */
export function needsClusterIp({ spec }: Service): boolean {
  return spec.type === 'ClusterIP' || spec.type === 'NodePort' || spec.type === 'LoadBalancer';
}
export function needsNodePort({ spec }: Service): boolean {
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer';
}
/** A load balancer may do without ports on the nodes; those it names are kept all the same. */
export function allocatesNodePorts({ spec }: Service): boolean {
  if (spec.type === 'LoadBalancer') return spec.allocateLoadBalancerNodePorts !== false;
  return spec.type === 'NodePort';
}
export function needsHealthCheckPort({ spec }: Service): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}
/** Traffic from outside the cluster can reach it. */
export function isExternallyAccessible({ spec }: Service): boolean {
  return needsNodePort({ spec } as Service) || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0);
}
export function isHeadless({ spec }: Service): boolean {
  return spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None';
}
