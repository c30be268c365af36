import { jsonEquals, withoutField } from '#std';
import {
  allocatesNodePorts,
  isExternallyAccessible,
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePort,
} from './needs.js';
import type { Service, ServicePort, ServiceSpec } from './schema.js';

/** Values that the cluster gave and an update leaves out stay what they were. */
export function withAllocatedValues(service: Service, old: Service): Service {
  let spec = service.spec;
  if (needsClusterIp(old) && needsClusterIp(service)) {
    if (!spec.clusterIP && old.spec.clusterIP) spec = { ...spec, clusterIP: old.spec.clusterIP };
    if (!spec.clusterIPs?.length && spec.clusterIP === old.spec.clusterIP && old.spec.clusterIPs) {
      spec = { ...spec, clusterIPs: old.spec.clusterIPs };
    }
  }
  if (allocatesNodePorts(old) && allocatesNodePorts(service)) spec = withOldNodePorts(spec, old.spec);
  if (
    needsHealthCheckPort(old) &&
    needsHealthCheckPort(service) &&
    !spec.healthCheckNodePort &&
    old.spec.healthCheckNodePort
  ) {
    spec = { ...spec, healthCheckNodePort: old.spec.healthCheckNodePort };
  }
  return spec === service.spec ? service : { ...service, spec };
}

/** Ports are known again by their names; a number that is still in use is given to no other. */
function withOldNodePorts(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  const before = new Map((old.ports ?? []).map((port) => [port.name ?? '', port.nodePort ?? 0]));
  const named = nodePortsOf(spec);
  const used = new Set([...nodePortsOf(old)].filter((port) => named.has(port)));
  const ports = (spec.ports ?? []).map((port) => {
    const oldPort = before.get(port.name ?? '') ?? 0;
    return port.nodePort || oldPort === 0 || used.has(oldPort) ? port : { ...port, nodePort: oldPort };
  });
  return ports.every((port, i) => port === spec.ports?.[i]) ? spec : { ...spec, ports };
}
export function nodePortsOf(spec: ServiceSpec): ReadonlySet<number> {
  return new Set((spec.ports ?? []).flatMap((port) => (port.nodePort ? [port.nodePort] : [])));
}

/** `clusterIP` and the first of `clusterIPs` are one value with two names; who knows only one of them may change it. */
export function withOneClusterIp(service: Service, old: Service | undefined): Service {
  const { clusterIP = '', clusterIPs } = service.spec;
  if (old === undefined) {
    return clusterIP !== '' && clusterIPs === undefined ? withClusterIps(service, clusterIP, [clusterIP]) : service;
  }
  const before = old.spec.clusterIP ?? '';
  const sameList = jsonEquals(clusterIPs ?? [], old.spec.clusterIPs ?? []);
  if (clusterIP !== before && sameList) return withClusterIps(service, clusterIP, clusterIP === '' ? [] : [clusterIP]);
  if (clusterIP !== '' && clusterIPs === undefined) return withClusterIps(service, clusterIP, [clusterIP]);
  return service;
}
export function withClusterIps(service: Service, clusterIP: string, clusterIPs: readonly string[]): Service {
  const { clusterIP: _one, clusterIPs: _all, ...rest } = service.spec;
  const spec = { ...rest, ...(clusterIP !== '' && { clusterIP }), ...(clusterIPs.length > 0 && { clusterIPs }) };
  return { ...service, spec };
}

/**
 * A change of type makes some values meaningless. They go when the cluster may have given them and the writer did not
 * touch them; what was touched is judged by validation.
 */
export function withoutMeaningless(service: Service, old: Service): Service {
  let out = service;
  const drop = (field: keyof ServiceSpec): void => {
    if (out.spec[field] !== undefined && jsonEquals(out.spec[field], old.spec[field])) {
      out = { ...out, spec: withoutField(out.spec, field) };
    }
  };
  if (needsClusterIp(old) && !needsClusterIp(service)) {
    if (jsonEquals(service.spec.clusterIPs, old.spec.clusterIPs)) (['clusterIP', 'clusterIPs'] as const).forEach(drop);
    (['ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy'] as const).forEach(drop);
  }
  if (needsNodePort(old) && !needsNodePort(service)) {
    const before = nodePortsOf(old.spec);
    const isOld = [...nodePortsOf(service.spec)].every((port) => before.has(port));
    if (isOld && out.spec.ports) out = { ...out, spec: { ...out.spec, ports: out.spec.ports.map(withoutNodePort) } };
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(service)) drop('externalTrafficPolicy');
  if (needsHealthCheckPort(old) && !needsHealthCheckPort(service)) drop('healthCheckNodePort');
  if (old.spec.type === 'LoadBalancer' && service.spec.type !== 'LoadBalancer') {
    (['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const).forEach(drop);
  }
  return out;
}
function withoutNodePort(port: ServicePort): ServicePort {
  return withoutField(port, 'nodePort');
}

/** A service that is no load balancer has no balancer's status. */
export function withFittingStatus(service: Service): Service {
  if (service.spec.type === 'LoadBalancer' || !service.status?.loadBalancer?.ingress) return service;
  return { ...service, status: { ...service.status, loadBalancer: {} } };
}
