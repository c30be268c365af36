import { podsMatching } from '#loops';
import type { MetricAnswer, MetricQuestion, PodFigure, View } from '#model';
import { conditionOf, isActive, type Pod } from '#pod';
import type { Clock, Measurements } from '#ports';
import { parseInstant } from '#std';
import type { MetricCache } from './metric-cache.js';
import type { Usage } from './series.js';
import type { PodLoad, UsageStore } from './usage-store.js';

export interface LoadMeasurementsOptions {
  readonly view: View;
  readonly clock: Clock;
  readonly store: UsageStore;
  readonly metrics: MetricCache;
}

/** A scaler that has just started waits so long for the figures of pods that run. */
const STARTING_MS = 2500;
/** Demand that is no more than this above the use is the use. */
const DEMAND_SHARE = 1.05;

type ResourceQuestion = Extract<MetricQuestion, { of: 'resource' }>;

/** The load of pods out of what agents measured, and all other metrics out of what those say that serve them. */
export class LoadMeasurements implements Measurements {
  private readonly startedAt: number;

  constructor(private readonly options: LoadMeasurementsOptions) {
    this.startedAt = options.clock.monotonic();
  }

  answer(question: MetricQuestion): MetricAnswer {
    return question.of === 'resource' ? this.resource(question) : this.options.metrics.answer(question);
  }

  private resource(question: ResourceQuestion): MetricAnswer {
    const { view, clock } = this.options;
    const figures: { [pod: string]: PodFigure } = {};
    let measured = 0;
    let isAllMeasured = true;
    for (const pod of podsMatching(view, question.namespace, question.selector)) {
      const load = this.load(pod);
      if (!load) {
        isAllMeasured &&= !isActive(pod) || pod.status?.phase !== 'Running';
        continue;
      }
      measured++;
      const figure = this.figure(load, question, pod);
      if (typeof figure === 'string') return { error: figure };
      if (figure) figures[pod.metadata.name] = figure;
    }
    if (!isAllMeasured && clock.monotonic() - this.startedAt < STARTING_MS) return { isPending: true };
    if (measured === 0) return { error: 'no metrics returned from resource metrics API' };
    return { pods: figures };
  }

  /** Of a pod that has just become ready only what it used since. */
  private load(pod: Pod): PodLoad | undefined {
    const { store, clock } = this.options;
    const changed = parseInstant(conditionOf(pod, 'Ready')?.lastTransitionTime);
    const notBefore = changed === undefined ? -Infinity : clock.monotonic() - (clock.now() - changed);
    return store.load(pod.metadata.uid, notBefore);
  }

  private figure(
    { containers }: PodLoad,
    { resource, container }: ResourceQuestion,
    { metadata }: Pod,
  ): PodFigure | string | undefined {
    const counted = container === undefined ? containers : containers.filter(({ name }) => name === container);
    if (counted.length === 0)
      return `container ${container ?? ''} not present in metrics for pod ${metadata.namespace ?? ''}/${metadata.name}`;
    let [milli, demand] = [0, 0];
    for (const usage of counted) {
      const amount = amountOf(usage, resource);
      if (amount === undefined) return undefined;
      milli += amount.milli;
      demand += amount.demand;
    }
    const at = this.options.store.wall(Math.min(...counted.map((usage) => usage.at)));
    const windowMs = Math.round(Math.max(...counted.map((usage) => usage.windowMs)));
    return demand > milli * DEMAND_SHARE ? [milli, at, windowMs, demand] : [milli, at, windowMs];
  }
}

/** Thousandths of a processor or of a byte, rounded up as Kubernetes does; undefined where the resource is not measured. */
function amountOf(
  { cpuNanoCores, heldBackNanoCores, memoryBytes }: Usage,
  resource: string,
): { readonly milli: number; readonly demand: number } | undefined {
  if (resource === 'cpu')
    return { milli: Math.ceil(cpuNanoCores / 1e6), demand: Math.ceil((cpuNanoCores + heldBackNanoCores) / 1e6) };
  if (resource !== 'memory' || memoryBytes === undefined) return undefined;
  return { milli: memoryBytes * 1000, demand: memoryBytes * 1000 };
}
