import { kindRef, refusals, type Unlogged } from '#model';
import { isJsonObject } from '#std';
import { intervalOf, measured, METRICS, usageOf } from '../usage.js';

const pods = kindRef('core.pods');

/**
 * Measurements of pods, as the scaler has them. Of a pod it knows all containers or nothing, and one without figures is left
 * out, as with metrics-server. What was measured of an earlier pod of the name counts for nothing.
 */
export const podFigures: Unlogged = {
  app: 'scaler',
  what: 'pods',
  isWhole: true,
  remark: 'the figures of pods are measurements, which are no events',
  question: ({ namespace, name }) => ({
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
  }),
  facts: ({ figures }) =>
    Array.isArray(figures)
      ? figures.flatMap((fact) => {
          if (!isJsonObject(fact)) return [];
          const { namespace, name } = fact;
          return typeof namespace === 'string' && typeof name === 'string' ? { namespace, name, fact } : [];
        })
      : [],
  history: {
    what: 'history',
    question: ({ namespace }, sinceMs) => ({ of: 'pods', ...(namespace !== undefined && { namespace }), sinceMs }),
  },
  mayHave: (view, { namespace, name }) =>
    name === undefined ? view.list(pods, namespace).length > 0 : view.get(pods, namespace, name) !== undefined,
  object({ namespace, name, fact }, view) {
    const pod = view.get(pods, namespace, name);
    const interval = isJsonObject(fact) ? intervalOf(fact) : undefined;
    if (!pod || !interval || interval.uid !== pod.metadata.uid || !isJsonObject(fact)) return undefined;
    const { containers } = fact;
    if (!Array.isArray(containers) || containers.length === 0) return undefined;
    const used = containers.flatMap((one) => {
      const usage = usageOf(one);
      return usage && isJsonObject(one) && typeof one['name'] === 'string' ? { name: one['name'], usage } : [];
    });
    // A pod with less than all of its containers would look smaller than it is.
    if (used.length < containers.length) return undefined;
    return { ...measured('PodMetrics', pod, interval), containers: used };
  },
  missing: ({ namespace = '', name = '' }, view) =>
    view.get(pods, namespace, name)
      ? refusals.notFound({
          ...{ group: METRICS.group, resource: 'podmetrics', kind: 'PodMetrics' },
          name: `${namespace}/${name}`,
        })
      : refusals.notFound({ group: '', resource: 'pods', kind: 'Pod', name }),
};
