import { boolean, f, type Infer, int32, list, map, object, req, string } from '#model';
import { objectMeta } from '../../shared/meta.schema.js';
import { objectReference } from '../../shared/references.schema.js';
import type { Stored } from '../../shared/stored.js';

export const endpointConditions = object('io.k8s.api.discovery.v1.EndpointConditions', '', {
  ready: f(boolean, 1, '', { pointer: true }),
  serving: f(boolean, 2, '', { pointer: true }),
  terminating: f(boolean, 3, '', { pointer: true }),
});
export type EndpointConditions = Infer<typeof endpointConditions>;

export const forNode = object('io.k8s.api.discovery.v1.ForNode', '', {
  name: req(string, 1, ''),
});
export type ForNode = Infer<typeof forNode>;

export const forZone = object('io.k8s.api.discovery.v1.ForZone', '', {
  name: req(string, 1, ''),
});
export type ForZone = Infer<typeof forZone>;

export const endpointHints = object('io.k8s.api.discovery.v1.EndpointHints', '', {
  forNodes: f(list(forNode), 2, '', { listType: 'atomic' }),
  forZones: f(list(forZone), 1, '', { listType: 'atomic' }),
});
export type EndpointHints = Infer<typeof endpointHints>;

export const endpoint = object('io.k8s.api.discovery.v1.Endpoint', '', {
  addresses: req(list(string), 1, '', { listType: 'set', always: null }),
  conditions: f(endpointConditions, 2, '', { always: {} }),
  deprecatedTopology: f(map(string), 5, ''),
  hints: f(endpointHints, 8, ''),
  hostname: f(string, 3, '', { pointer: true }),
  nodeName: f(string, 6, '', { pointer: true }),
  targetRef: f(objectReference, 4, ''),
  zone: f(string, 7, '', { pointer: true }),
});
export type Endpoint = Infer<typeof endpoint>;

export const endpointPort = object(
  'io.k8s.api.discovery.v1.EndpointPort',
  '',
  {
    appProtocol: f(string, 4, '', { pointer: true }),
    name: f(string, 1, '', { fill: '', pointer: true }),
    port: f(int32, 3, '', { pointer: true }),
    protocol: f(string, 2, '', { fill: 'TCP', pointer: true }),
  },
  { mapType: 'atomic' },
);
export type EndpointPort = Infer<typeof endpointPort>;

export const endpointSlice = object(
  'io.k8s.api.discovery.v1.EndpointSlice',
  '',
  {
    addressType: req(string, 4, ''),
    apiVersion: f(string, 0, ''),
    endpoints: req(list(endpoint), 2, '', { listType: 'atomic', always: null }),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
    ports: f(list(endpointPort), 3, '', { listType: 'atomic', always: null }),
  },
  { gvk: ['discovery.k8s.io/v1 EndpointSlice'] },
);
export type EndpointSlice = Stored<typeof endpointSlice>;
