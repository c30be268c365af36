import {
  boolean,
  f,
  type Infer,
  int32,
  list,
  map,
  named,
  object,
  req,
  string,
  objectMeta,
  objectReference,
} from '#model';
import type { Stored } from '#model';

export const endpointConditions = object('io.k8s.api.discovery.v1.EndpointConditions', 'State of an endpoint.', {
  ready: f(boolean, 1, 'Whether it takes new traffic.', { pointer: true }),
  serving: f(boolean, 2, 'Whether it can answer, also on its way out.', { pointer: true }),
  terminating: f(boolean, 3, 'Whether it is on its way out.', { pointer: true }),
});
export type EndpointConditions = Infer<typeof endpointConditions>;

export const forNode = object('io.k8s.api.discovery.v1.ForNode', 'A node that an endpoint is meant for.', {
  name: req(string, 1, 'Name of the node.'),
});
export type ForNode = Infer<typeof forNode>;

export const forZone = object('io.k8s.api.discovery.v1.ForZone', 'A zone that an endpoint is meant for.', {
  name: req(string, 1, 'Name of the zone.'),
});
export type ForZone = Infer<typeof forZone>;

export const endpointHints = object('io.k8s.api.discovery.v1.EndpointHints', 'Who an endpoint is meant for.', {
  forZones: f(list(forZone), 1, 'Zones that should use it.', { listType: 'atomic' }),
  forNodes: f(list(forNode), 2, 'Nodes that should use it.', { listType: 'atomic' }),
});
export type EndpointHints = Infer<typeof endpointHints>;

export const endpoint = object('io.k8s.api.discovery.v1.Endpoint', 'One place that answers for a service.', {
  addresses: req(list(string), 1, 'Its addresses; only the first is used.', { listType: 'set', always: null }),
  conditions: f(endpointConditions, 2, 'Its state.', { always: {} }),
  hostname: f(string, 3, 'Its host name.', { pointer: true }),
  targetRef: f(objectReference, 4, 'Object behind it, mostly a pod.'),
  deprecatedTopology: f(map(string), 5, 'Where it is, in the form of older versions.'),
  nodeName: f(string, 6, 'Node that it is on.', { pointer: true }),
  zone: f(string, 7, 'Zone that it is in.', { pointer: true }),
  hints: f(endpointHints, 8, 'Who it is meant for.'),
});
export type Endpoint = Infer<typeof endpoint>;

export const endpointPort = object(
  'io.k8s.api.discovery.v1.EndpointPort',
  'A port of all endpoints of a slice.',
  {
    name: f(string, 1, "Name of the port; the service's name for it.", { fill: '', pointer: true }),
    protocol: f(named('v1.Protocol'), 2, 'TCP, UDP or SCTP.', { fill: 'TCP', pointer: true }),
    port: f(int32, 3, 'Number of the port; every port where nothing is said.', { pointer: true }),
    appProtocol: f(string, 4, 'What is spoken on the port.', { pointer: true }),
  },
  { mapType: 'atomic' },
);
export type EndpointPort = Infer<typeof endpointPort>;

export const endpointSlice = object(
  'io.k8s.api.discovery.v1.EndpointSlice',
  'Some of the places that answer for a service.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    addressType: req(named('v1.AddressType'), 4, 'IPv4, IPv6 or FQDN; never changes.'),
    endpoints: req(list(endpoint), 2, 'The places.', { listType: 'atomic', always: null }),
    ports: f(list(endpointPort), 3, 'Ports that all of them have.', { listType: 'atomic', always: null }),
  },
  { gvk: ['discovery.k8s.io/v1 EndpointSlice'] },
);
export type EndpointSlice = Stored<typeof endpointSlice>;
