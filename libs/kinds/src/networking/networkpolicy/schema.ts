import { f, type Infer, int32, intOrString, labelSelector, list, named, object, objectMeta, req, string } from '#model';
import type { Stored } from '#model';

export const ipBlock = object('io.k8s.api.networking.v1.IPBlock', 'A range of addresses with exceptions.', {
  cidr: req(string, 1, 'Range of addresses.'),
  except: f(list(string), 2, 'Ranges within it that are left out.', { listType: 'atomic' }),
});
export type IpBlock = Infer<typeof ipBlock>;

export const networkPolicyPort = object(
  'io.k8s.api.networking.v1.NetworkPolicyPort',
  'A port, or a range of ports, that traffic may go to.',
  {
    protocol: f(named('v1.Protocol'), 1, 'TCP, UDP or SCTP.', { fill: 'TCP', pointer: true }),
    port: f(intOrString, 2, 'Number or name of a port of the pods; all ports if absent.', { pointer: true }),
    endPort: f(int32, 3, 'Last port of a range that begins with `port`.', { pointer: true }),
  },
);
export type NetworkPolicyPort = Infer<typeof networkPolicyPort>;

export const networkPolicyPeer = object(
  'io.k8s.api.networking.v1.NetworkPolicyPeer',
  'Pods or addresses at the other end.',
  {
    podSelector: f(labelSelector, 1, "Selects pods; of the policy's own namespace if it stands alone."),
    namespaceSelector: f(labelSelector, 2, 'Selects namespaces by their labels; an empty one all of them.'),
    ipBlock: f(ipBlock, 3, 'Range of addresses; excludes the other fields.'),
  },
);
export type NetworkPolicyPeer = Infer<typeof networkPolicyPeer>;

const ports = list(networkPolicyPort);
const peers = list(networkPolicyPeer);

export const networkPolicyIngressRule = object(
  'io.k8s.api.networking.v1.NetworkPolicyIngressRule',
  'Traffic that may reach the pods.',
  {
    ports: f(ports, 1, 'Ports that it may go to; all if absent or empty.', { listType: 'atomic' }),
    from: f(peers, 2, 'Where it may come from; anywhere if absent or empty.', { listType: 'atomic' }),
  },
);
export type NetworkPolicyIngressRule = Infer<typeof networkPolicyIngressRule>;

export const networkPolicyEgressRule = object(
  'io.k8s.api.networking.v1.NetworkPolicyEgressRule',
  'Traffic that may leave the pods.',
  {
    ports: f(ports, 1, 'Ports that it may go to; all if absent or empty.', { listType: 'atomic' }),
    to: f(peers, 2, 'Where it may go to; anywhere if absent or empty.', { listType: 'atomic' }),
  },
);
export type NetworkPolicyEgressRule = Infer<typeof networkPolicyEgressRule>;

export const networkPolicySpec = object(
  'io.k8s.api.networking.v1.NetworkPolicySpec',
  'Pods that are isolated, and the traffic that they may have.',
  {
    podSelector: f(labelSelector, 1, 'Selects the pods; an empty one all pods of the namespace.', { always: {} }),
    ingress: f(list(networkPolicyIngressRule), 2, 'Incoming traffic that is let through.', { listType: 'atomic' }),
    egress: f(list(networkPolicyEgressRule), 3, 'Outgoing traffic that is let through.', { listType: 'atomic' }),
    policyTypes: f(list(named('v1.PolicyType')), 4, 'Ingress, Egress or both: the directions that are isolated.', {
      listType: 'atomic',
    }),
  },
);
export type NetworkPolicySpec = Infer<typeof networkPolicySpec>;

export const networkPolicy = object(
  'io.k8s.api.networking.v1.NetworkPolicy',
  'Says which traffic the pods of a namespace may have.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(networkPolicySpec, 2, 'Pods that are isolated, and the traffic that they may have.', { always: {} }),
  },
  { gvk: ['networking.k8s.io/v1 NetworkPolicy'] },
);
export type NetworkPolicy = Stored<typeof networkPolicy, 'spec'>;
