import { standardKind, type FieldSelector, type Kind, type KubeObject, type Subresource } from '#model';
import { pod, type Pod } from '#pod';
import type { JsonObject } from '#std';
import { binding } from '../../common-types/binding.schema.js';
import { eviction } from '../../common-types/eviction.schema.js';
import { podColumns } from './columns.js';
import { podsByNode } from './indexes.js';
import { nodeRooms } from './node-room.js';
import { podStrategy } from './strategy.js';

const stream: Pick<Subresource, 'verbs'> = { verbs: ['create', 'get'] };
const subresources: readonly Subresource[] = [
  { name: 'attach', kind: 'PodAttachOptions', ...stream },
  { name: 'binding', kind: 'Binding', verbs: ['create'], schema: binding },
  { name: 'ephemeralcontainers', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
  { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'], schema: eviction },
  { name: 'exec', kind: 'PodExecOptions', ...stream },
  { name: 'log', kind: 'Pod', verbs: ['get'] },
  { name: 'portforward', kind: 'PodPortForwardOptions', ...stream },
  { name: 'proxy', kind: 'PodProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
  { name: 'resize', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
  { name: 'status', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
];

const selector = (field: string, value: (object: Pod) => string | undefined): FieldSelector => ({
  field,
  value: (object: KubeObject) => value(object as Pod) ?? '',
});
const fieldSelectors: readonly FieldSelector[] = [
  selector('spec.nodeName', (object) => object.spec.nodeName),
  selector('spec.host', (object) => object.spec.nodeName),
  selector('spec.restartPolicy', (object) => object.spec.restartPolicy),
  selector('spec.schedulerName', (object) => object.spec.schedulerName),
  selector('spec.serviceAccountName', (object) => object.spec.serviceAccountName),
  selector('spec.hostNetwork', (object) => String(object.spec.hostNetwork ?? false)),
  selector('status.phase', (object) => object.status?.phase),
  selector('status.podIP', (object) => object.status?.podIP),
  selector('status.podIPs', () => undefined),
  selector('status.nominatedNodeName', (object) => object.status?.nominatedNodeName),
];

const plain = standardKind<Pod>({
  names: {
    group: '',
    version: 'v1',
    kind: 'Pod',
    plural: 'pods',
    shortNames: ['po'],
    categories: ['all'],
    namespaced: true,
  },
  schema: pod,
  columns: podColumns,
  rowConditions: completed,
  subresources,
  fieldSelectors,
  indexes: [podsByNode],
  fieldSelectorError: 'label',
  strategy: podStrategy,
  events: [
    'ContainerRestarted',
    'PodBound',
    'PodEvicted',
    'PodFenced',
    'PodFoundUnschedulable',
    'PodPreempted',
    'PodStarted',
  ],
});

/** Containers that live and die together on one node. */
export const podKind: Kind<Pod> = { ...plain, picture: nodeRooms };

/** kubectl prints pods that have come to their end only if asked to. */
function completed(object: KubeObject): readonly JsonObject[] {
  switch ((object as Pod).status?.phase) {
    case 'Succeeded':
      return [
        { type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' },
      ];
    case 'Failed':
      return [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }];
    default:
      return [];
  }
}
