import { kindRef, refusals, type Unlogged } from '#model';
import { isJsonObject } from '#std';
import { intervalOf, measured, METRICS, usageOf } from '../usage.js';

const nodes = kindRef('core.nodes');

/** Measurements of nodes, as the scaler has them. A node without figures is left out. */
export const nodeFigures: Unlogged = {
  app: 'scaler',
  what: 'nodes',
  isWhole: true,
  remark: 'the figures of nodes are measurements, which are no events',
  question: ({ name }) => ({ ...(name !== undefined && { name }) }),
  facts: ({ figures }) =>
    Array.isArray(figures)
      ? figures.flatMap((fact) =>
          isJsonObject(fact) && typeof fact['name'] === 'string' ? { name: fact['name'], fact } : [],
        )
      : [],
  history: {
    what: 'history',
    question: (_place, sinceMs) => ({ of: 'nodes', sinceMs }),
  },
  mayHave: (view, { name }) =>
    name === undefined ? view.list(nodes).length > 0 : view.get(nodes, undefined, name) !== undefined,
  object({ name, fact }, view) {
    const node = view.get(nodes, undefined, name);
    const interval = isJsonObject(fact) ? intervalOf(fact) : undefined;
    const usage = usageOf(fact);
    return node && interval && usage && { ...measured('NodeMetrics', node, interval), usage };
  },
  missing: ({ name = '' }, view) =>
    view.get(nodes, undefined, name)
      ? refusals.notFound({ group: METRICS.group, resource: 'nodemetrics', kind: 'NodeMetrics', name })
      : refusals.notFound({ group: '', resource: 'nodes', kind: 'Node', name }),
};
