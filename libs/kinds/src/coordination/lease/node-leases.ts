import { kindRef, type KubeObject, type Unlogged, type View } from '#model';
import { canonical, isJsonObject, toMicroTime, toTime, uuidOf, type Instant, type Json } from '#std';

const NAMESPACE = 'kube-node-lease';
/** So long after its last heartbeat others may take a node for lost. */
const DURATION_SECONDS = 40;
const API_VERSION = 'coordination.k8s.io/v1';
const nodes = kindRef('core.nodes');
const namespaces = kindRef('core.namespaces');

/**
 * The lease of each node whose agent is heard: as a kubelet would write it every ten seconds. A fact is the instant of the
 * last heartbeat.
 */
export const nodeLeases: Unlogged = {
  app: 'health',
  what: 'leases',
  namespace: NAMESPACE,
  remark: 'the leases of nodes are heartbeats, which are no events',
  question: () => ({}),
  facts: ({ facts }) =>
    isJsonObject(facts)
      ? Object.entries(facts).map(([name, fact = null]) => ({ namespace: NAMESPACE, name, fact }))
      : [],
  mayHave: (view, { name }) =>
    name === undefined ? view.list(nodes).length > 0 : view.get(nodes, undefined, name) !== undefined,
  object({ name, fact }, view) {
    const node = view.get(nodes, undefined, name);
    if (!node || typeof fact !== 'number' || !view.get(namespaces, undefined, NAMESPACE)) return undefined;
    return leaseOf(node, fact, view);
  },
};

function leaseOf({ metadata }: KubeObject, renewed: Instant, view: View): KubeObject {
  const { name, uid, creationTimestamp } = metadata;
  return canonical<KubeObject>({
    apiVersion: API_VERSION,
    kind: 'Lease',
    metadata: {
      name,
      namespace: NAMESPACE,
      uid: uuidOf(`${uid}/lease`),
      resourceVersion: String(view.position),
      ...(creationTimestamp !== undefined && { creationTimestamp }),
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }],
      managedFields: [
        {
          manager: 'kubelet',
          operation: 'Update',
          apiVersion: API_VERSION,
          time: toTime(renewed),
          fieldsType: 'FieldsV1',
          fieldsV1: fieldsOf(uid),
        },
      ],
    },
    spec: { holderIdentity: name, leaseDurationSeconds: DURATION_SECONDS, renewTime: toMicroTime(renewed) },
  });
}

function fieldsOf(nodeUid: string): Json {
  return {
    'f:metadata': { 'f:ownerReferences': { '.': {}, [`k:{"uid":"${nodeUid}"}`]: {} } },
    'f:spec': { 'f:holderIdentity': {}, 'f:leaseDurationSeconds': {}, 'f:renewTime': {} },
  };
}
