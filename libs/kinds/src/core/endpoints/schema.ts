import { f, type Infer, int32, list, named, object, req, string, objectMeta, objectReference } from '#model';
import type { Stored } from '#model';

export const endpointAddress = object(
  'io.k8s.api.core.v1.EndpointAddress',
  'One address that answers for a service.',
  {
    ip: req(string, 1, 'The address, of IPv4 or IPv6.'),
    targetRef: f(objectReference, 2, 'Object behind it, mostly a pod.'),
    hostname: f(string, 3, 'Its host name.'),
    nodeName: f(string, 4, 'Node that it is on.', { pointer: true }),
  },
  { mapType: 'atomic' },
);
export type EndpointAddress = Infer<typeof endpointAddress>;

export const endpointsPort = object(
  'io.k8s.api.core.v1.EndpointPort',
  'A port of all addresses of a subset.',
  {
    name: f(string, 1, "Name of the port; the service's name for it. Needed where there are several."),
    port: req(int32, 2, 'Number of the port.'),
    protocol: f(named('v1.Protocol'), 3, 'TCP, UDP or SCTP.', { fill: 'TCP' }),
    appProtocol: f(string, 4, 'What is spoken on the port.', { pointer: true }),
  },
  { mapType: 'atomic' },
);
export type EndpointsPort = Infer<typeof endpointsPort>;

export const endpointSubset = object('io.k8s.api.core.v1.EndpointSubset', 'Addresses that have the same ports.', {
  addresses: f(list(endpointAddress), 1, 'Those that take traffic.', { listType: 'atomic' }),
  notReadyAddresses: f(list(endpointAddress), 2, 'Those that do not take traffic now.', { listType: 'atomic' }),
  ports: f(list(endpointsPort), 3, 'Ports that all of them have.', { listType: 'atomic' }),
});
export type EndpointSubset = Infer<typeof endpointSubset>;

export const endpoints = object(
  'io.k8s.api.core.v1.Endpoints',
  'All addresses that answer for a service of the same name; endpoint slices have taken their place.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    subsets: f(list(endpointSubset), 2, 'The addresses, grouped by their ports.', { listType: 'atomic' }),
  },
  { gvk: ['v1 Endpoints'] },
);
export type Endpoints = Stored<typeof endpoints>;
