import { deployments, horizontalPodAutoscalers, pods, type HorizontalPodAutoscaler, type MetricSpec } from '#kinds';
import type { View } from '#model';
import { isReady } from '#pod';
import { CREW, CREWS } from '../crews.js';
import { memoryAt, workloadOf, type Loads, type Range } from '../load/loads.js';
import { sizeOf } from '../load/targets.js';
import { countsDemand, DEMAND_MAX, requestOf, targetOf } from './proposals.js';

/** What is true of the load of one workload with so many pods, under a steady demand. */
export interface SteadyLoad {
  readonly replicas: number;
  /** Thousandths of a processor: the demand as a whole, and what each pod requests and may take. */
  readonly demand: number;
  readonly request: number;
  readonly limit: number;
}

/** Autoscalers whose target, with nobody else to scale it, has another size than its load asks for. */
export function wrongSizes(view: View, loads: Loads): readonly string[] {
  const all = view.list(horizontalPodAutoscalers);
  return all.flatMap((autoscaler) => {
    const { namespace = '', name } = autoscaler.metadata;
    const { kind, name: target } = autoscaler.spec.scaleTargetRef;
    const rivals = all.filter(
      ({ metadata, spec }) => metadata.namespace === namespace && spec.scaleTargetRef.name === target,
    );
    const scaled = view.get({ id: kind === CREW ? CREWS : deployments.id }, namespace, target);
    const replicas = sizeOf(scaled);
    if (!scaled || rivals.length > 1 || replicas === 0) return [];
    const { minReplicas: min = 1, maxReplicas: max } = autoscaler.spec;
    if (replicas < min || replicas > max)
      return [`${name} leaves ${target} at ${replicas}, outside of ${min} to ${max}`];
    const running = view.list(pods, namespace).filter((pod) => workloadOf(pod) === `${namespace}/${target}`);
    // Pods that fit nowhere have no load.
    if (running.length !== replicas || !running.every(isReady)) return [];
    const [pod] = running;
    const limit = loads.limitOf(pod?.metadata.uid ?? '') ?? Infinity;
    const steady = {
      replicas,
      demand: loads.demand(`${namespace}/${target}`),
      request: pod ? requestOf(pod) : 0,
      limit,
    };
    const { least, most } = steadySizes(autoscaler, steady);
    const [low, high] = [least, most].map((size) => Math.min(max, Math.max(min, size))) as [number, number];
    return replicas >= low && replicas <= high
      ? []
      : [`${name} leaves ${namespace}/${target} at ${replicas}; ${JSON.stringify(steady)} asks for ${low} to ${high}`];
  });
}

/** The sizes at which a target may stay: the documented algorithm, for figures that are a hundredth off at most. */
export function steadySizes(autoscaler: HorizontalPodAutoscaler, load: SteadyLoad): Range {
  const { spec } = autoscaler;
  const tolerance = (text: string | undefined): number => (text === undefined ? 0.1 : parseInt(text, 10) / 1000);
  const up = tolerance(spec.behavior?.scaleUp?.tolerance);
  const down = tolerance(spec.behavior?.scaleDown?.tolerance);
  const sizes = (spec.metrics ?? []).map((metric) =>
    [0.99, 1.01].map((off) => {
      const ratio = ratioOf(metric, load, { off, isDemand: countsDemand(autoscaler, metric) });
      return ratio >= 1 - down && ratio <= 1 + up ? load.replicas : Math.ceil(ratio * load.replicas - 1e-9);
    }),
  );
  return { least: Math.max(...sizes.map(([low = 0]) => low)), most: Math.max(...sizes.map(([, high = 0]) => high)) };
}
function ratioOf(
  metric: MetricSpec,
  { replicas, demand, request, limit }: SteadyLoad,
  { off, isDemand }: { readonly off: number; readonly isDemand: boolean },
): number {
  const target = targetOf(metric);
  const asked = (demand / replicas) * off;
  // A little more than the limit is taken for the limit.
  const worked = isDemand && asked > limit * 1.05 ? Math.min(asked, limit * DEMAND_MAX) : Math.min(asked, limit);
  // What adapters measure knows no limit; of pods they tell whole thousandths.
  if (metric.pods) return Math.round(asked) / target.amount;
  if (metric.object || metric.external) return asked / target.amount;
  if (metric.resource?.name === 'memory') return (memoryAt(worked) * 1000) / target.amount;
  // As with Kubernetes, a part of a thousandth of a processor counts as a whole one.
  const used = Math.ceil(worked);
  return target.isShare ? Math.trunc((used * 100) / request) / target.amount : used / target.amount;
}
