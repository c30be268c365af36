import {
  boolean,
  f,
  type Infer,
  int32,
  intOrString,
  list,
  map,
  named,
  object,
  req,
  string,
  condition,
  objectMeta,
} from '#model';
import type { Stored } from '#model';
import { loadBalancerStatus } from '../../common-types/load-balancer.schema.js';

export const servicePort = object('io.k8s.api.core.v1.ServicePort', 'A port of a service.', {
  name: f(string, 1, 'Name of the port; needed when there are several.'),
  protocol: f(named('v1.Protocol'), 2, 'TCP, UDP or SCTP.', { default: 'TCP' }),
  appProtocol: f(string, 6, 'What is spoken on the port, as a hint for proxies.', { pointer: true }),
  port: req(int32, 3, 'Number of the port.'),
  targetPort: f(intOrString, 4, 'Port of the pods, by number or name; the same as port where nothing is said.', {
    always: 0,
  }),
  nodePort: f(int32, 5, 'Port of every node that leads here; chosen by the server where nothing is said.'),
});
export type ServicePort = Infer<typeof servicePort>;

export const clientIPConfig = object('io.k8s.api.core.v1.ClientIPConfig', 'How long a client stays with a pod.', {
  timeoutSeconds: f(int32, 1, 'Seconds after its last connection.', { pointer: true }),
});
export type ClientIPConfig = Infer<typeof clientIPConfig>;

export const sessionAffinityConfig = object(
  'io.k8s.api.core.v1.SessionAffinityConfig',
  'Settings of sessionAffinity.',
  {
    clientIP: f(clientIPConfig, 1, 'Settings for ClientIP.'),
  },
);
export type SessionAffinityConfig = Infer<typeof sessionAffinityConfig>;

export const serviceSpec = object(
  'io.k8s.api.core.v1.ServiceSpec',
  'Where a service is reached and what is behind it.',
  {
    ports: f(list(servicePort), 1, 'Ports of the service.', {
      listType: 'map',
      mapKeys: ['port', 'protocol'],
      mergeKey: 'port',
      patchStrategy: 'merge',
    }),
    selector: f(map(string), 2, 'Labels of the pods behind the service.', { mapType: 'atomic' }),
    clusterIP: f(string, 3, 'Address in the cluster; None for a service without one.'),
    clusterIPs: f(list(string), 18, 'Addresses in the cluster, one for each family.', { listType: 'atomic' }),
    type: f(named('v1.ServiceType'), 4, 'ClusterIP, NodePort, LoadBalancer or ExternalName.', { fill: 'ClusterIP' }),
    externalIPs: f(list(string), 5, 'Further addresses that nodes take traffic for.', { listType: 'atomic' }),
    sessionAffinity: f(
      named('v1.ServiceAffinity'),
      7,
      'None, or ClientIP to lead a client to the same pod each time.',
      { fill: 'None' },
    ),
    loadBalancerIP: f(string, 8, 'Address asked of the load balancer; not known to all of them.'),
    loadBalancerSourceRanges: f(list(string), 9, 'Ranges of clients that a load balancer lets through.', {
      listType: 'atomic',
    }),
    externalName: f(string, 10, 'Name in DNS that the service stands for; with type ExternalName.'),
    externalTrafficPolicy: f(
      named('v1.ServiceExternalTrafficPolicy'),
      11,
      'Cluster, or Local to stay on the node that the traffic reached.',
    ),
    healthCheckNodePort: f(int32, 12, 'Port where nodes tell a load balancer whether they have pods.'),
    publishNotReadyAddresses: f(boolean, 13, 'Whether pods that are not ready are found too.'),
    sessionAffinityConfig: f(sessionAffinityConfig, 14, 'Settings of sessionAffinity.'),
    ipFamilies: f(list(named('v1.IPFamily')), 19, 'IPv4, IPv6 or both, in order.', { listType: 'atomic' }),
    ipFamilyPolicy: f(named('v1.IPFamilyPolicy'), 17, 'SingleStack, PreferDualStack or RequireDualStack.', {
      pointer: true,
    }),
    allocateLoadBalancerNodePorts: f(boolean, 20, 'Whether a load balancer gets node ports too.', { pointer: true }),
    loadBalancerClass: f(string, 21, 'Which implementation of load balancers is to serve it.', { pointer: true }),
    internalTrafficPolicy: f(
      named('v1.ServiceInternalTrafficPolicy'),
      22,
      'Cluster, or Local to stay on the node that the traffic comes from.',
      {
        pointer: true,
      },
    ),
    trafficDistribution: f(string, 23, 'Which pods are preferred, such as PreferSameZone.', { pointer: true }),
  },
);
export type ServiceSpec = Infer<typeof serviceSpec>;

export const serviceStatus = object('io.k8s.api.core.v1.ServiceStatus', 'State of a service.', {
  loadBalancer: f(loadBalancerStatus, 1, 'State of its load balancer.', { always: {} }),
  conditions: f(list(condition), 2, 'Aspects of its state.', {
    listType: 'map',
    mapKeys: ['type'],
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
});
export type ServiceStatus = Infer<typeof serviceStatus>;

export const service = object(
  'io.k8s.api.core.v1.Service',
  'A lasting address for pods that come and go.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(serviceSpec, 2, 'Where it is reached and what is behind it.', { always: {} }),
    status: f(serviceStatus, 3, 'How it is.', { always: {} }),
  },
  { gvk: ['v1 Service'] },
);
export type Service = Stored<typeof service, 'spec'>;
