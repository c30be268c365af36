import {
  DEFAULT_SERVICE_CIDR,
  endpointSlices,
  endpointsRef,
  namespaces,
  serviceCidrs,
  services,
  type EndpointSlice,
} from '#kinds';
import type { Decision, Loop, Submit, View } from '#model';
import { jsonEquals, type JsonObject } from '#std';
import { apiEndpoints, create, patch, sides, streamOfObject, type ApiEndpoint } from '../shared/index.js';
import { defaultServiceCidr } from './service-cidr.js';

const NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];
const KEY = 'cluster';
const SERVICE = { namespace: 'default', name: 'kubernetes' };
const OWN = new Set([services.id, endpointsRef.id, endpointSlices.id]);
const SERVICE_IP = '10.96.0.1';
const PORT_NAME = 'https';
/** Target of the service until the process says where the API listens. */
const API_PORT = 6443;

/** Makes what every cluster has: its own namespaces, the range of services, and the service by which pods find the API. */
export const bootstrap: Loop = {
  name: 'bootstrap',
  account: 'system:apiserver',
  keysOf(change) {
    if (change.kind === namespaces.id)
      return sides(change).some((side) => NAMESPACES.includes(side.metadata.name)) ? [KEY] : [];
    if (change.kind === serviceCidrs.id)
      return sides(change).some(({ metadata }) => metadata.name === DEFAULT_SERVICE_CIDR.name) ? [KEY] : [];
    if (!OWN.has(change.kind)) return [];
    return sides(change).some(
      ({ metadata }) => metadata.namespace === SERVICE.namespace && metadata.name === SERVICE.name,
    )
      ? [KEY]
      : [];
  },
  keysAtStart: () => [KEY],
  reconcile(view, _key, now, outside) {
    const missing = NAMESPACES.filter((name) => view.get(namespaces, undefined, name) === undefined);
    const range = defaultServiceCidr(view, now, outside);
    // In a new cluster there is an address for a service before there is a place for it.
    if (missing.length > 0) return [...range, ...missing.map(makeNamespace)];
    const where = apiEndpoints(outside);
    return [...range, ...service(view, where), ...endpoints(view, where), ...slice(view, where)];
  },
};

function makeNamespace(name: string): Submit {
  return create(
    namespaces,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    { because: 'every cluster has it' },
  );
}

function service(view: View, where: readonly ApiEndpoint[]): readonly Decision[] {
  const [first] = where;
  const targetPort = first?.port ?? API_PORT;
  const known = view.get(services, SERVICE.namespace, SERVICE.name);
  if (known) {
    const { ports = [] } = known.spec;
    const isTrue = ports.some((port) => port.name === PORT_NAME && port.targetPort === targetPort);
    if (!first || isTrue) return [];
    const moved = ports.map((port) => (port.name === PORT_NAME ? { ...port, targetPort } : port));
    const basedOn = [streamOfObject(services, known)];
    return [patch(services, known, { spec: { ports: moved } }, { because: 'the API listens there', basedOn })];
  }
  const manifest = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...SERVICE, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: SERVICE_IP,
      clusterIPs: [SERVICE_IP],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      ports: [{ name: PORT_NAME, protocol: 'TCP', port: 443, targetPort }],
    },
  };
  return [create(services, manifest, { because: 'pods find the API by it' })];
}

/** The old form of the slice, for those who still read it: told not to be mirrored, since the slice is here already. */
function endpoints(view: View, where: readonly ApiEndpoint[]): readonly Decision[] {
  const [first] = where;
  if (!first) return [];
  const known = view.get(endpointsRef, SERVICE.namespace, SERVICE.name);
  const addresses = where.map(({ ip }) => ({ ip }));
  const subsets = [{ addresses, ports: [{ name: PORT_NAME, port: first.port, protocol: 'TCP' }] }];
  const because = 'the API listens there';
  if (known && jsonEquals(known.subsets, subsets)) return [];
  if (known)
    return [patch(endpointsRef, known, { subsets }, { because, basedOn: [streamOfObject(endpointsRef, known)] })];
  const metadata = { ...SERVICE, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } };
  return [create(endpointsRef, { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets }, { because })];
}

function slice(view: View, where: readonly ApiEndpoint[]): readonly Decision[] {
  const [first] = where;
  if (!first) return [];
  const known = view.get(endpointSlices, SERVICE.namespace, SERVICE.name);
  const endpoints = where.map(({ ip }) => ({ addresses: [ip], conditions: { ready: true } }));
  const ports = [{ name: PORT_NAME, port: first.port, protocol: 'TCP' }];
  const because = 'the API listens there';
  if (known)
    return isSame(known, endpoints, ports)
      ? []
      : [
          patch(
            endpointSlices,
            known,
            { endpoints, ports },
            { because, basedOn: [streamOfObject(endpointSlices, known)] },
          ),
        ];
  const metadata = { ...SERVICE, labels: { 'kubernetes.io/service-name': SERVICE.name } };
  const addressType = first.ip.includes(':') ? 'IPv6' : 'IPv4';
  return [
    create(
      endpointSlices,
      { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata, addressType, endpoints, ports },
      { because },
    ),
  ];
}
function isSame(known: EndpointSlice, endpoints: readonly JsonObject[], ports: readonly JsonObject[]): boolean {
  return jsonEquals(known.endpoints, endpoints) && jsonEquals(known.ports, ports);
}
