import type { MemoryBus } from '#adapters';
import { decodeMessage, encodeMessage, subjects } from '#engine';
import { pods } from '#kinds';
import { parseLabelSelector } from '#meta';
import type { MetricAnswer, MetricQuestion, View } from '#model';
import type { Clock } from '#ports';
import type { Json, Prng } from '#std';
import { workloadOf, type Loads } from './loads.js';

export interface AdaptersParts {
  readonly bus: MemoryBus;
  readonly clock: Clock;
  readonly loads: Loads;
  readonly chance: Prng;
  readonly view: () => View;
  readonly isHealed: () => boolean;
}

/** How long an adapter hangs. */
const HANGS_MS = 60_000;

/**
 * Stands for the API and the servers of custom and external metrics behind it. They measure what their users ask of workloads;
 * while a world is in trouble they sometimes hang, fail, and say what cannot be.
 */
export class Adapters {
  constructor(private readonly parts: AdaptersParts) {
    const { bus } = parts;
    bus.subscribe(subjects.query('api', 'metric'), async (data) => {
      const question = decodeMessage(data) as unknown as MetricQuestion;
      return encodeMessage((await this.troubled()) ?? this.honest(question));
    });
  }

  private async troubled(): Promise<Json | undefined> {
    const { chance, clock, isHealed } = this.parts;
    if (isHealed() || !chance.chance(TROUBLED)) return undefined;
    return chance.pick<() => Json | Promise<Json>>([
      () => new Promise((resolve) => clock.after(HANGS_MS, () => resolve(null))),
      () => ({ error: 'unable to fetch metrics from custom metrics API: the adapter has a bad moment' }),
      () => ({ values: [NaN, 1] as unknown as Json, pods: { web: ['much', 'today', {}] } }),
      () => ({ values: ['1e400'] }),
      () => ({ values: [] }),
      () => ({ values: [2 ** 60] }),
      () => ({ pods: 'all of them' }),
      () => 'good morning',
    ])();
  }

  private honest(question: MetricQuestion): MetricAnswer {
    const { loads, view, clock } = this.parts;
    const { namespace } = question;
    switch (question.of) {
      case 'object':
        return { values: [loads.demand(`${namespace}/${question.object.name}`)] };
      case 'external':
        return { values: [loads.demand(`${namespace}/${question.metricSelector.split('=')[1] ?? ''}`)] };
      case 'pod':
      case 'resource': {
        const matcher = parseLabelSelector(question.selector);
        const found = view()
          .list(pods, namespace)
          .filter((pod) => matcher.ok && matcher.value.matches(pod.metadata.labels) && loads.isServing(pod));
        return {
          pods: Object.fromEntries(
            found.map((pod) => [pod.metadata.name, [Math.round(loads.share(workloadOf(pod))), clock.now(), 1000]]),
          ),
        };
      }
    }
  }
}
const TROUBLED = 0.15;
