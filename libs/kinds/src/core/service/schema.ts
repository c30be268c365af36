import { boolean, f, type Infer, int32, intOrString, list, map, object, req, string } from '#model';
import { loadBalancerStatus } from '../../shared/load-balancer.schema.js';
import { condition, objectMeta } from '../../shared/meta.schema.js';
import type { Stored } from '../../shared/stored.js';

export const servicePort = object('io.k8s.api.core.v1.ServicePort', '', {
  appProtocol: f(string, 6, '', { pointer: true }),
  name: f(string, 1, ''),
  nodePort: f(int32, 5, ''),
  port: req(int32, 3, ''),
  protocol: f(string, 2, '', { default: 'TCP' }),
  targetPort: f(intOrString, 4, '', { always: 0 }),
});
export type ServicePort = Infer<typeof servicePort>;

export const clientIPConfig = object('io.k8s.api.core.v1.ClientIPConfig', '', {
  timeoutSeconds: f(int32, 1, '', { pointer: true }),
});
export type ClientIPConfig = Infer<typeof clientIPConfig>;

export const sessionAffinityConfig = object('io.k8s.api.core.v1.SessionAffinityConfig', '', {
  clientIP: f(clientIPConfig, 1, ''),
});
export type SessionAffinityConfig = Infer<typeof sessionAffinityConfig>;

export const serviceSpec = object('io.k8s.api.core.v1.ServiceSpec', '', {
  allocateLoadBalancerNodePorts: f(boolean, 20, '', { pointer: true }),
  clusterIP: f(string, 3, ''),
  clusterIPs: f(list(string), 18, '', { listType: 'atomic' }),
  externalIPs: f(list(string), 5, '', { listType: 'atomic' }),
  externalName: f(string, 10, ''),
  externalTrafficPolicy: f(string, 11, ''),
  healthCheckNodePort: f(int32, 12, ''),
  internalTrafficPolicy: f(string, 22, '', { pointer: true }),
  ipFamilies: f(list(string), 19, '', { listType: 'atomic' }),
  ipFamilyPolicy: f(string, 17, '', { pointer: true }),
  loadBalancerClass: f(string, 21, '', { pointer: true }),
  loadBalancerIP: f(string, 8, ''),
  loadBalancerSourceRanges: f(list(string), 9, '', { listType: 'atomic' }),
  ports: f(list(servicePort), 1, '', {
    listType: 'map',
    mapKeys: ['port', 'protocol'],
    mergeKey: 'port',
    patchStrategy: 'merge',
  }),
  publishNotReadyAddresses: f(boolean, 13, ''),
  selector: f(map(string), 2, '', { mapType: 'atomic' }),
  sessionAffinity: f(string, 7, '', { fill: 'None' }),
  sessionAffinityConfig: f(sessionAffinityConfig, 14, ''),
  trafficDistribution: f(string, 23, '', { pointer: true }),
  type: f(string, 4, '', { fill: 'ClusterIP' }),
});
export type ServiceSpec = Infer<typeof serviceSpec>;

export const serviceStatus = object('io.k8s.api.core.v1.ServiceStatus', '', {
  conditions: f(list(condition), 2, '', {
    listType: 'map',
    mapKeys: ['type'],
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
  loadBalancer: f(loadBalancerStatus, 1, '', { always: {} }),
});
export type ServiceStatus = Infer<typeof serviceStatus>;

export const service = object(
  'io.k8s.api.core.v1.Service',
  '',
  {
    apiVersion: f(string, 0, ''),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
    spec: f(serviceSpec, 2, '', { always: {} }),
    status: f(serviceStatus, 3, '', { always: {} }),
  },
  { gvk: ['v1 Service'] },
);
export type Service = Stored<typeof service, 'spec'>;
