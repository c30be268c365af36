import { covers, type AccessAttributes, type AccessVerdict, type UserInfo, type View } from '#model';
import { NODE_RULES } from './bootstrap/node-role.js';
import { podsName } from './node-references.js';

const NODES = 'system:nodes';
const PREFIX = 'system:node:';
const LEASES_NAMESPACE = 'kube-node-lease';
const READS = ['get', 'list', 'watch'];
const OF_ITS_OWN = ['get', 'create', 'update', 'patch', 'delete'];

const ALLOWED: AccessVerdict = { allowed: true, reason: '' };
const denied = (reason: string): AccessVerdict => ({ allowed: false, reason });

/** The name of the node that a user is; undefined when it is none. It may be '', which is no node's name. */
export function nodeOf({ name, groups }: UserInfo): string | undefined {
  return name.startsWith(PREFIX) && groups.includes(NODES) ? name.slice(PREFIX.length) : undefined;
}

/**
 * What a node may do: what its role says, but of objects that pods use only those that pods of this node name, and of nodes,
 * leases and CSI nodes its own. NodeRestriction decides about what is written.
 */
export function authorizeNode(view: View, node: string, asked: AccessAttributes): AccessVerdict {
  if (node === '') return denied(`unknown node for user "${PREFIX}"`);
  const rule = asked.isResource ? RULES.get(`${asked.group}/${asked.resource}`) : undefined;
  if (rule) return rule(view, node, asked);
  return NODE_RULES.some((one) => covers(one, asked)) ? ALLOWED : denied('');
}

type Rule = (view: View, node: string, asked: AccessAttributes) => AccessVerdict;

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['/secrets', read],
  ['/configmaps', read],
  ['/persistentvolumeclaims', claim],
  ['/persistentvolumes', get],
  ['storage.k8s.io/volumeattachments', get],
  ['/serviceaccounts', account],
  ['/nodes', itself],
  ['/pods', pod],
  ['coordination.k8s.io/leases', lease],
  ['storage.k8s.io/csinodes', csiNode],
]);

function related(view: View, node: string, { resource, namespace, name }: AccessAttributes): AccessVerdict {
  if (name === '') return denied('No Object name found');
  if (podsName(view, node, { resource, namespace, name })) return ALLOWED;
  return denied(`no relationship found between node '${node}' and this object`);
}

function read(view: View, node: string, asked: AccessAttributes): AccessVerdict {
  if (!READS.includes(asked.verb)) return denied('can only read resources of this type');
  if (asked.subresource !== '') return denied('cannot read subresource');
  if (asked.namespace === '') return denied('can only read namespaced object of this type');
  return related(view, node, asked);
}

function get(view: View, node: string, asked: AccessAttributes): AccessVerdict {
  if (asked.verb !== 'get' || asked.name === '') return denied('can only get individual resources of this type');
  if (asked.subresource !== '') return denied('cannot get subresource');
  return related(view, node, asked);
}

function claim(view: View, node: string, asked: AccessAttributes): AccessVerdict {
  if (asked.subresource !== 'status') return get(view, node, asked);
  if (asked.verb !== 'update' && asked.verb !== 'patch') return denied('can only get/update/patch this type');
  return related(view, node, asked);
}

function account(view: View, node: string, asked: AccessAttributes): AccessVerdict {
  const { verb, subresource, name } = asked;
  if (verb === 'get' && subresource === '' && name !== '') return related(view, node, asked);
  if (verb !== 'create' || subresource !== 'token' || name === '')
    return denied('can only create tokens for individual service accounts');
  return related(view, node, asked);
}

function itself(_view: View, node: string, { verb, subresource, name }: AccessAttributes): AccessVerdict {
  const isChange = verb === 'update' || verb === 'patch';
  if (subresource === 'status') return isChange ? ALLOWED : denied('');
  if (subresource !== '') return denied('');
  if (isChange || verb === 'create') return ALLOWED;
  if (!READS.includes(verb)) return denied('');
  if (name === node) return ALLOWED;
  const what = name === '' ? 'all nodes' : `'${name}'`;
  return denied(`node '${node}' cannot read ${what}, only its own Node object`);
}

function pod(view: View, node: string, asked: AccessAttributes): AccessVerdict {
  const { verb, subresource, name, fields = [] } = asked;
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? ALLOWED : denied('');
  if (subresource === 'eviction') return verb === 'create' ? ALLOWED : denied('');
  if (subresource !== '') return denied('');
  if (verb === 'create' || verb === 'delete') return ALLOWED;
  if (verb === 'get') return related(view, node, asked);
  if (verb !== 'list' && verb !== 'watch') return denied('');
  if (fields.some(({ field, value }) => field === 'spec.nodeName' && value === node)) return ALLOWED;
  if (name !== '') return related(view, node, asked);
  return denied('can only list/watch pods with spec.nodeName field selector');
}

function lease(_view: View, node: string, { verb, namespace, name, subresource }: AccessAttributes): AccessVerdict {
  if (!OF_ITS_OWN.includes(verb)) return denied('can only get, create, update, patch, or delete a node lease');
  if (namespace !== LEASES_NAMESPACE)
    return denied(`can only access leases in the "${LEASES_NAMESPACE}" system namespace`);
  if (subresource !== '') return denied('');
  const isOwn = verb === 'create' || name === node;
  return isOwn ? ALLOWED : denied('can only access node lease with the same name as the requesting node');
}

function csiNode(_view: View, node: string, { verb, name, subresource }: AccessAttributes): AccessVerdict {
  if (!OF_ITS_OWN.includes(verb)) return denied('can only get, create, update, patch, or delete a CSINode');
  if (subresource !== '') return denied('cannot authorize CSINode subresources');
  const isOwn = verb === 'create' || name === node;
  return isOwn ? ALLOWED : denied('can only access CSINode with the same name as the requesting node');
}
