import { ageColumn, column, nameColumn, WIDE } from '../../columns.js';
import type { Node } from './schema.js';

const NONE = '<none>';
const UNKNOWN = '<unknown>';
const ROLE_PREFIX = 'node-role.kubernetes.io/';

export const nodeColumns = [
  nameColumn,
  column<Node>('Status', 'Ready or not, and whether new pods may come', status),
  column<Node>('Roles', 'What its role labels name', (object) => roles(object) || NONE),
  ageColumn,
  column<Node>('Version', 'Of its agent', (object) => object.status?.nodeInfo?.kubeletVersion ?? ''),
  column<Node>('Internal-IP', 'Its address within the cluster', (object) => address(object, 'InternalIP'), WIDE),
  column<Node>('External-IP', 'Its address outside the cluster', (object) => address(object, 'ExternalIP'), WIDE),
  column<Node>('OS-Image', 'Its system', (object) => object.status?.nodeInfo?.osImage || UNKNOWN, WIDE),
  column<Node>('Kernel-Version', 'Of its system', (object) => object.status?.nodeInfo?.kernelVersion || UNKNOWN, WIDE),
  column<Node>(
    'Container-Runtime',
    'What runs its containers',
    (object) => object.status?.nodeInfo?.containerRuntimeVersion || UNKNOWN,
    WIDE,
  ),
];

function status(object: Node): string {
  const ready = object.status?.conditions?.find((condition) => condition.type === 'Ready');
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (object.spec.unschedulable === true) words.push('SchedulingDisabled');
  return words.join(',');
}
function roles(object: Node): string {
  const found = new Set<string>();
  for (const [key, value] of Object.entries(object.metadata.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length) found.add(key.slice(ROLE_PREFIX.length));
    else if (key === 'kubernetes.io/role' && value !== '') found.add(value);
  }
  return [...found].sort().join(',');
}
function address(object: Node, type: string): string {
  return object.status?.addresses?.find((entry) => entry.type === type)?.address || NONE;
}
