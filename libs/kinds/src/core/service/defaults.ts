import { withoutField } from '#std';
import { isExternallyAccessible } from './needs.js';
import type { Service, ServicePort, ServiceSpec } from './schema.js';

const AFFINITY_SECONDS = 10_800;

/** What a service gets that says nothing of it. */
export function serviceDefaults(service: Service): Service {
  const spec = withTraffic(withAffinity(withPorts(service.spec)));
  return withIpModes(spec === service.spec ? service : { ...service, spec });
}

function withPorts(spec: ServiceSpec): ServiceSpec {
  const ports = (spec.ports ?? []).map(withTarget);
  return ports.every((port, i) => port === spec.ports?.[i]) ? spec : { ...spec, ports };
}
/** Traffic goes to the port of the same number, unless another is named. */
function withTarget(port: ServicePort): ServicePort {
  const { targetPort } = port;
  return targetPort === undefined || targetPort === 0 || targetPort === '' ? { ...port, targetPort: port.port } : port;
}

function withAffinity(spec: ServiceSpec): ServiceSpec {
  if (spec.sessionAffinity === 'None') return withoutField(spec, 'sessionAffinityConfig');
  if (spec.sessionAffinity !== 'ClientIP') return spec;
  if (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds !== undefined) return spec;
  return { ...spec, sessionAffinityConfig: { clientIP: { timeoutSeconds: AFFINITY_SECONDS } } };
}

function withTraffic(spec: ServiceSpec): ServiceSpec {
  let out = spec;
  if (!out.externalTrafficPolicy && isExternallyAccessible({ spec } as Service)) {
    out = { ...out, externalTrafficPolicy: 'Cluster' };
  }
  const inside = spec.type === 'ClusterIP' || spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  if (out.internalTrafficPolicy === undefined && inside) out = { ...out, internalTrafficPolicy: 'Cluster' };
  if (spec.type === 'LoadBalancer' && out.allocateLoadBalancerNodePorts === undefined) {
    out = { ...out, allocateLoadBalancerNodePorts: true };
  }
  return out;
}

/** Addresses of a load balancer are virtual, unless it says that it is a proxy. */
function withIpModes(service: Service): Service {
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  if (service.spec.type !== 'LoadBalancer' || ingress.every((entry) => !entry.ip || entry.ipMode !== undefined))
    return service;
  const moded = ingress.map((entry) => (entry.ip && entry.ipMode === undefined ? { ...entry, ipMode: 'VIP' } : entry));
  return {
    ...service,
    status: { ...service.status, loadBalancer: { ...service.status?.loadBalancer, ingress: moded } },
  };
}
