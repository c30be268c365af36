import { endpointSlices, namespaces, SERVICE_NAME, services } from '#kinds';
import type { Decision, KindRef, Loop } from '#model';
import { create, sides, type Manifest } from '../shared/index.js';

/** Where the agents serve cluster DNS. */
export const CLUSTER_DNS_IP = '10.96.0.10';
const REASON = { because: 'agents serve DNS at this address' };
const NAMESPACE = 'kube-system';
const NAME = 'kube-dns';
const metadata = { namespace: NAMESPACE, name: NAME };
const PORTS = [
  { name: 'dns', protocol: 'UDP', port: 53 },
  { name: 'dns-tcp', protocol: 'TCP', port: 53 },
];

/**
 * Clients look for cluster DNS by this Service. Its endpoint is its own address, which each node has: a service proxy that leads
 * there leaves the packets on the node, and one that refuses services without endpoints does not refuse it.
 */
const OBJECTS = new Map<string, { readonly ref: KindRef; readonly manifest: Manifest }>([
  [
    'service',
    {
      ref: services,
      manifest: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { ...metadata, labels: { 'k8s-app': NAME, 'kubernetes.io/name': 'CoreDNS' } },
        spec: {
          type: 'ClusterIP',
          clusterIP: CLUSTER_DNS_IP,
          clusterIPs: [CLUSTER_DNS_IP],
          ports: PORTS.map((port) => ({ ...port, targetPort: port.port })),
        },
      },
    },
  ],
  [
    'slice',
    {
      ref: endpointSlices,
      manifest: {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { ...metadata, labels: { [SERVICE_NAME]: NAME } },
        addressType: 'IPv4',
        endpoints: [{ addresses: [CLUSTER_DNS_IP], conditions: { ready: true } }],
        ports: PORTS,
      },
    },
  ],
]);

/** Makes the Service `kube-system/kube-dns` where agents are heard. Once at each start and only what is missing: it is anybody's who may change it. */
export const clusterDnsRegistration: Loop = {
  name: 'cluster-dns-registration',
  account: NAME,
  keysOf(change) {
    const isNew = change.kind === namespaces.id && change.before === undefined;
    return isNew && sides(change).some((side) => side.metadata.name === NAMESPACE) ? [...OBJECTS.keys()] : [];
  },
  keysAtStart: () => [...OBJECTS.keys()],
  reconcile(view, key): readonly Decision[] {
    const wanted = OBJECTS.get(key);
    if (!wanted || !view.get(namespaces, undefined, NAMESPACE) || view.get(wanted.ref, NAMESPACE, NAME)) return [];
    return [create(wanted.ref, wanted.manifest, REASON)];
  },
};
