import { standardKind } from '#model';
import { METRICS, usageColumns } from '../usage.js';
import { nodeFigures } from './figures.js';
import { nodeMetrics, type NodeMetricsObject } from './schema.js';

/** What nodes use. Nothing of it is stored. */
export const nodeMetricsKind = standardKind<NodeMetricsObject>({
  names: { ...METRICS, kind: 'NodeMetrics', plural: 'nodes', singular: '', namespaced: false },
  schema: nodeMetrics,
  columns: usageColumns((object) => [(object as NodeMetricsObject).usage]),
  verbs: ['get', 'list'],
  isOptional: true,
  unlogged: nodeFigures,
});
