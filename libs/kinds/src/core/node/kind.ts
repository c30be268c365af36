import { standardKind, type KubeObject } from '#model';
import { nodeColumns } from './columns.js';
import { node, type Node } from './schema.js';
import { nodeStrategy } from './strategy.js';

/** A machine that pods run on. */
export const nodeKind = standardKind<Node>({
  names: { group: '', version: 'v1', kind: 'Node', plural: 'nodes', shortNames: ['no'], namespaced: false },
  schema: node,
  columns: nodeColumns,
  subresources: [
    { name: 'proxy', kind: 'NodeProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
    { name: 'status', kind: 'Node', verbs: ['get', 'patch', 'update'] },
  ],
  fieldSelectors: [
    {
      field: 'spec.unschedulable',
      value: (object: KubeObject) => String((object as Node).spec.unschedulable ?? false),
    },
  ],
  fieldSelectorError: 'label',
  strategy: nodeStrategy,
  events: ['NodeBecameUnreachable'],
});
