import type { Admitted, KubeObject } from '#model';
import { jsonEquals, type Json } from '#std';
import { namesOf } from '../access/node-references.js';

const MIRROR = 'kubernetes.io/config.mirror';
const nodes = { id: 'core.nodes' };
const pods = { id: 'core.pods' };

/** A node makes mirror pods of itself, deletes pods of itself and says how they are. */
export function nodePodProblem(request: Admitted, node: string): string | undefined {
  const { operation, object, old, subresource } = request;
  const who = JSON.stringify(node);
  if (subresource === 'eviction') {
    const { view, command } = request;
    const isOwn = nodeNameOf(view.get(pods, command.namespace, command.name)) === node;
    return isOwn ? undefined : `node ${who} can only evict pods with spec.nodeName set to itself`;
  }
  if (operation === 'CREATE' && subresource === undefined) return mirrorProblem(request, node);
  if (operation === 'DELETE')
    return nodeNameOf(old) === node ? undefined : `node ${who} can only delete pods with spec.nodeName set to itself`;
  if (subresource !== 'status') return `unexpected operation "${operation}"`;
  if (nodeNameOf(old) !== node)
    return `node ${who} can only update pod status for pods with spec.nodeName set to itself`;
  const labels = (pod: KubeObject | undefined): Json => pod?.metadata.labels ?? {};
  return jsonEquals(labels(object), labels(old)) ? undefined : `node ${who} cannot update labels through pod status`;
}

function mirrorProblem({ object, view }: Admitted, node: string): string | undefined {
  const who = `node ${JSON.stringify(node)}`;
  const { annotations, ownerReferences: owners = [] } = object.metadata;
  if (annotations?.[MIRROR] === undefined)
    return `pod does not have "${MIRROR}" annotation, ${who} can only create mirror pods`;
  if (nodeNameOf(object) !== node) return `${who} can only create pods with spec.nodeName set to itself`;
  if (owners.length > 1) return `${who} can only create pods with a single owner reference set to itself`;
  const [owner] = owners;
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)
    return `${who} can only create pods with an owner reference set to itself`;
  if (owner.controller !== true) return `${who} can only create pods with a controller owner reference set to itself`;
  if (owner.blockOwnerDeletion === true) return `${who} must not set blockOwnerDeletion on an owner reference`;
  const uid = view.get(nodes, undefined, node)?.metadata.uid;
  if (uid === undefined) return `node ${JSON.stringify(node)} not found`;
  if (uid !== owner.uid) return `${who} UID mismatch: expected ${owner.uid} got ${uid}`;
  return referenceProblem(who, object);
}

const REFERENCES = {
  serviceaccounts: 'a service account',
  secrets: 'secrets',
  configmaps: 'configmaps',
  persistentvolumeclaims: 'persistentvolumeclaims',
};

function referenceProblem(who: string, pod: KubeObject): string | undefined {
  const names = [...namesOf(pod)];
  const found = Object.entries(REFERENCES).find(([resource]) => names.some((name) => name.startsWith(`${resource}/`)));
  return found && `${who} can not create pods that reference ${found[1]}`;
}

function nodeNameOf(pod: KubeObject | undefined): string | undefined {
  return (pod?.['spec'] as { readonly nodeName?: string } | undefined)?.nodeName;
}
