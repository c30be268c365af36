import { standardKind } from '#model';
import { METRICS, usageColumns } from '../usage.js';
import { podFigures } from './figures.js';
import { podMetrics, type PodMetricsObject } from './schema.js';

/** What pods use. Nothing of it is stored. */
export const podMetricsKind = standardKind<PodMetricsObject>({
  names: { ...METRICS, kind: 'PodMetrics', plural: 'pods', singular: '', namespaced: true },
  schema: podMetrics,
  columns: usageColumns((object) => ((object as PodMetricsObject).containers ?? []).map(({ usage }) => usage)),
  verbs: ['get', 'list'],
  isOptional: true,
  unlogged: podFigures,
});
