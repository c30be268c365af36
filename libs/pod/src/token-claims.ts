import { kindRef, objectClaim, type BoundClaims, type KubeObject, type View } from '#model';

const nodes = kindRef('core.nodes');

/** What a token says of the pod that it is bound to: the pod, and the node that it is on. */
export function podClaims(pod: KubeObject, view: Pick<View, 'get'>): BoundClaims {
  const bound = { claim: 'pod', object: objectClaim(pod) } as const;
  const { nodeName } = (pod['spec'] ?? {}) as { readonly nodeName?: string };
  if (!nodeName) return bound;
  const node = view.get<KubeObject>(nodes, undefined, nodeName);
  return { ...bound, node: { name: nodeName, ...(node && { uid: node.metadata.uid }) } };
}
