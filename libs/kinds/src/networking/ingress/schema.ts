import { f, type Infer, int32, list, named, object, objectMeta, req, string, typedLocalObjectReference } from '#model';
import type { Stored } from '#model';

export const serviceBackendPort = object(
  'io.k8s.api.networking.v1.ServiceBackendPort',
  'A port of a service, by name or by number.',
  {
    name: f(string, 1, 'Name of the port.'),
    number: f(int32, 2, 'Number of the port.'),
  },
  { mapType: 'atomic' },
);
export type ServiceBackendPort = Infer<typeof serviceBackendPort>;

export const ingressServiceBackend = object(
  'io.k8s.api.networking.v1.IngressServiceBackend',
  'A service as the destination of requests.',
  {
    name: req(string, 1, 'Name of the service, in the namespace of the ingress.'),
    port: f(serviceBackendPort, 2, 'Port of the service.', { always: {} }),
  },
);
export type IngressServiceBackend = Infer<typeof ingressServiceBackend>;

export const ingressBackend = object(
  'io.k8s.api.networking.v1.IngressBackend',
  'Destination of requests: a service, or a resource that the controller knows.',
  {
    service: f(ingressServiceBackend, 4, 'A service.'),
    resource: f(typedLocalObjectReference, 3, 'An object in the namespace of the ingress; excludes `service`.'),
  },
);
export type IngressBackend = Infer<typeof ingressBackend>;

export const httpIngressPath = object('io.k8s.api.networking.v1.HTTPIngressPath', 'Paths that lead to one backend.', {
  path: f(string, 1, 'Path that is compared; begins with a slash.'),
  pathType: req(named('v1.PathType'), 3, 'Exact, Prefix (by whole elements) or ImplementationSpecific.', {
    pointer: true,
    always: null,
  }),
  backend: req(ingressBackend, 2, 'Destination of the requests.', { always: {} }),
});
export type HttpIngressPath = Infer<typeof httpIngressPath>;

export const httpIngressRuleValue = object(
  'io.k8s.api.networking.v1.HTTPIngressRuleValue',
  'Paths of a host and their backends.',
  { paths: req(list(httpIngressPath), 1, 'Paths that lead to backends.', { listType: 'atomic', always: null }) },
);

export const ingressRule = object('io.k8s.api.networking.v1.IngressRule', 'Rules of one host.', {
  host: f(string, 1, 'Host name; `*.` in front stands for one label; every host if absent.'),
  http: f(httpIngressRuleValue, 1, 'Paths of the host and their backends.', { inline: [2] }),
});
export type IngressRule = Infer<typeof ingressRule>;

export const ingressTls = object('io.k8s.api.networking.v1.IngressTLS', 'Hosts that are served with a certificate.', {
  hosts: f(list(string), 1, 'Hosts of the certificate.', { listType: 'atomic' }),
  secretName: f(string, 2, 'Secret with certificate and key, in the namespace of the ingress.'),
});
export type IngressTls = Infer<typeof ingressTls>;

export const ingressSpec = object(
  'io.k8s.api.networking.v1.IngressSpec',
  'Which requests from outside reach which services.',
  {
    ingressClassName: f(string, 4, 'Class of the ingress; names the controller that serves it.', { pointer: true }),
    defaultBackend: f(ingressBackend, 1, 'Destination of requests that no rule matches.'),
    tls: f(list(ingressTls), 2, 'Hosts that are served with TLS.', { listType: 'atomic' }),
    rules: f(list(ingressRule), 3, 'Rules of hosts.', { listType: 'atomic' }),
  },
);
export type IngressSpec = Infer<typeof ingressSpec>;

export const ingressPortStatus = object(
  'io.k8s.api.networking.v1.IngressPortStatus',
  'State of a port of a load balancer.',
  {
    port: req(int32, 1, 'Number of the port.'),
    protocol: req(named('v1.Protocol'), 2, 'TCP, UDP or SCTP.'),
    error: f(string, 3, 'Why it failed, in one word.', { pointer: true }),
  },
);
export const ingressLoadBalancerIngress = object(
  'io.k8s.api.networking.v1.IngressLoadBalancerIngress',
  'An address at which an ingress is reached.',
  {
    ip: f(string, 1, 'Its address, where it is known by one.'),
    hostname: f(string, 2, 'Its name, where it is known by one.'),
    ports: f(list(ingressPortStatus), 4, 'State of each port.', { listType: 'atomic' }),
  },
);
export const ingressLoadBalancerStatus = object(
  'io.k8s.api.networking.v1.IngressLoadBalancerStatus',
  'State of the load balancer of an ingress.',
  { ingress: f(list(ingressLoadBalancerIngress), 1, 'Addresses at which it is reached.', { listType: 'atomic' }) },
);
export const ingressStatus = object('io.k8s.api.networking.v1.IngressStatus', 'State of an ingress.', {
  loadBalancer: f(ingressLoadBalancerStatus, 1, 'State of its load balancer.', { always: {} }),
});
export type IngressStatus = Infer<typeof ingressStatus>;

export const ingress = object(
  'io.k8s.api.networking.v1.Ingress',
  'Leads HTTP requests from outside to services, by host and path.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(ingressSpec, 2, 'Which requests reach which services.', { always: {} }),
    status: f(ingressStatus, 3, 'State of the ingress.', { always: {} }),
  },
  { gvk: ['networking.k8s.io/v1 Ingress'] },
);
export type Ingress = Stored<typeof ingress, 'spec'>;
