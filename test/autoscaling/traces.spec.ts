import { describe, expect, it } from '@jest/globals';
import { deployments, horizontalPodAutoscalers, pods, registry, type Deployment } from '#kinds';
import type { HorizontalPodAutoscaler, HPAScalingRules, MetricSpec } from '#kinds';
import { horizontalPodAutoscaler } from '#loops';
import { MEASUREMENTS, parseQuestion, RecordedOutside, submitsOf, type MetricAnswer, type Submit } from '#model';
import type { Pod } from '#pod';
import { isJsonObject, prng, toTime, type Json, type JsonObject, type Prng } from '#std';
import {
  Evaluator,
  type Answer,
  type EvaluatedMetric,
  type EvaluatedPod,
  type Figure,
  type Rules,
  type Settings,
  type Tick,
} from './evaluator.js';
import { LightView } from './light-view.js';

const TRACES = 10_000;
const TICKS = 24;
const TICK_S = 15;
const START_S = Date.UTC(2026, 0, 1, 12) / 1000;
const loop = horizontalPodAutoscaler(registry);

describe('10,000 generated traces', () => {
  it('have the sizes of an evaluator written after the documentation, and keep what is promised', () => {
    const seen = { up: 0, down: 0, held: 0, failed: 0 };
    for (let seed = 1; seed <= TRACES; seed++) new Trace(seed, seen).run();
    // The traces are worth something: each kind of outcome is there thousands of times.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(1000);
  });
});

interface SimulatedPod extends EvaluatedPod {
  readonly isDeleted: boolean;
  readonly becomesReadyAt: number;
  readonly goneAt: number;
}

class Trace {
  private readonly chance: Prng;
  private readonly settings: Settings;
  private readonly evaluator: Evaluator;
  private readonly view = new LightView();
  private replicas: number;
  private running: SimulatedPod[] = [];
  private made = 0;
  private load: number;

  constructor(
    private readonly seed: number,
    private readonly seen: Record<'up' | 'down' | 'held' | 'failed', number>,
  ) {
    this.chance = prng(seed);
    this.settings = settingsBy(this.chance);
    this.evaluator = new Evaluator(this.settings);
    const { min, max } = this.settings;
    this.replicas = this.chance.chance(0.1) ? this.chance.below(max + 6) : min + this.chance.below(max - min + 1);
    this.load = (0.2 + this.chance.next() * 2) * this.replicas * 100;
    this.view.put(horizontalPodAutoscalers, autoscalerOf(this.settings));
    this.putTarget();
  }

  run(): void {
    for (let i = 0; i < TICKS; i++) this.tick(START_S + i * TICK_S);
  }

  private tick(now: number): void {
    this.movePods(now);
    // Somebody scales by hand, now and then.
    if (this.chance.chance(0.01)) this.replicas = this.chance.below(this.settings.max + 4);
    this.putTarget();
    if (this.chance.chance(0.3)) this.load *= 0.3 + this.chance.next() * 1.6;
    const answers = this.settings.metrics.map((metric) => this.answer(metric, now));
    const tick: Tick = {
      ...{ now, replicas: this.replicas, statusReplicas: this.running.length, pods: this.running, answers },
    };
    const before = this.replicas;
    const wanted = this.evaluator.decide(tick);
    this.replicas = this.look(now, answers);
    if (this.replicas !== wanted)
      throw new Error(
        `seed ${this.seed} at ${now - START_S} s: the loop has ${this.replicas}, the evaluator ${wanted}`,
      );
    this.keep(before, answers);
  }

  /** What must hold of every step, whatever the two agree on. */
  private keep(before: number, answers: readonly Answer[]): void {
    const { min, max } = this.settings;
    const after = this.replicas;
    if (after !== before && (after < min || after > max))
      throw new Error(`seed ${this.seed}: ${after} is out of bounds`);
    const isInBounds = before >= min && before <= max;
    if (isInBounds && after < before && answers.some((answer) => answer === undefined))
      throw new Error(`seed ${this.seed}: scaled down without figures`);
    this.seen[after > before ? 'up' : after < before ? 'down' : 'held']++;
    if (answers.every((answer) => answer === undefined)) this.seen.failed++;
  }

  /** One look of the loop, whose decisions are carried out. The answer is the size of the target after it. */
  private look(now: number, answers: readonly Answer[]): number {
    const measured = (question: string): Json | undefined => answerTo(question, this.settings.metrics, answers);
    const outside = new RecordedOutside({ [MEASUREMENTS]: measured });
    const decisions = loop.reconcile(this.view, 'n/web', now * 1000, outside);
    for (const submit of submitsOf(decisions)) this.carryOut(submit);
    return this.view.get(deployments, 'n', 'web')?.spec.replicas ?? 0;
  }
  private carryOut({ command }: Submit): void {
    const body = command.body as JsonObject;
    if (command.kind === deployments.id) {
      this.replicas = Number((body['spec'] as JsonObject)['replicas']);
      this.putTarget();
    }
    if (command.kind !== horizontalPodAutoscalers.id) return;
    const old = this.view.get(horizontalPodAutoscalers, 'n', 'web') as unknown as JsonObject;
    this.view.put(horizontalPodAutoscalers, merged(old, body) as unknown as HorizontalPodAutoscaler);
  }

  /** Pods come after the size, become ready after a while, restart and fail. */
  private movePods(now: number): void {
    const { chance } = this;
    const alive = this.running
      .filter(({ goneAt }) => goneAt > now)
      .map((pod): SimulatedPod => {
        if (pod.isDeleted) return pod;
        if (!pod.isReady && pod.becomesReadyAt <= now)
          return { ...pod, phase: 'Running', isReady: true, readyChangedAt: pod.becomesReadyAt };
        if (pod.isReady && chance.chance(0.02))
          return { ...pod, isReady: false, readyChangedAt: now, becomesReadyAt: now + chance.below(90) };
        if (pod.phase === 'Pending' && chance.chance(0.5))
          return { ...pod, phase: 'Running', startedAt: now, readyChangedAt: now };
        return chance.chance(0.005) ? { ...pod, phase: 'Failed', isReady: false, readyChangedAt: now } : pod;
      });
    const counted = alive.filter(({ isDeleted, phase }) => !isDeleted && phase !== 'Failed').length;
    let surplus = counted - this.replicas;
    this.running = alive.map((pod) => {
      if (surplus <= 0 || pod.isDeleted || pod.phase === 'Failed') return pod;
      surplus--;
      return { ...pod, isDeleted: true, goneAt: now + chance.below(45) };
    });
    for (let i = counted; i < this.replicas; i++) this.running.push(this.newPod(now));
    this.view.clear(pods);
    for (const pod of this.running) this.view.put(pods, podOf(pod));
  }
  private newPod(now: number): SimulatedPod {
    const { chance } = this;
    const isOld = now === START_S && chance.chance(0.8);
    const startedAt = isOld ? now - 1000 : now;
    return {
      name: `p${this.made++}`,
      ...{ phase: isOld || chance.chance(0.6) ? 'Running' : 'Pending', isReady: isOld, isDeleted: false },
      ...{ startedAt, readyChangedAt: startedAt + (isOld ? 20 : 0), goneAt: Infinity },
      becomesReadyAt: now + chance.below(120),
      request: 100 + 50 * chance.below(3),
    };
  }

  private answer(metric: EvaluatedMetric, now: number): Answer {
    const { chance } = this;
    if (chance.chance(0.06)) return undefined;
    const share = this.load / Math.max(1, this.running.length);
    if (metric.kind === 'value' || metric.kind === 'share') return Math.round(this.load * (0.9 + chance.next() * 0.2));
    const figures = new Map<string, Figure>();
    for (const pod of this.running) {
      if (chance.chance(0.08)) continue;
      const value = Math.round(share * (0.8 + chance.next() * 0.4) * (pod.isReady ? 1 : 0.3));
      figures.set(pod.name, { value, takenAt: now - chance.below(20), window: 15 });
    }
    return figures;
  }

  private putTarget(): void {
    const { replicas } = this;
    this.view.put(deployments, {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'n', uid: 'web' } },
      spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: {} },
      status: { replicas: this.running.length },
    } as unknown as Deployment);
  }
}

function settingsBy(chance: Prng): Settings {
  const min = 1 + chance.below(4);
  const metrics = Array.from({ length: 1 + chance.below(3) }, () => metricBy(chance));
  // Two metrics of one name would be one question.
  const kinds = new Map(metrics.map((metric) => [metric.kind, metric]));
  return {
    ...{ min, max: min + chance.below(20), metrics: [...kinds.values()] },
    behavior: chance.chance(0.5) ? undefined : { up: rulesBy(chance, 0), down: rulesBy(chance, 300) },
  };
}
function metricBy(chance: Prng): EvaluatedMetric {
  const kind = chance.pick(['utilization', 'utilization', 'usage', 'perPod', 'value', 'share'] as const);
  if (kind === 'utilization') return { kind, percent: chance.pick([30, 50, 80, 120]) };
  return { kind, target: chance.pick([50, 80, 100, 250]) };
}
function rulesBy(chance: Prng, window: number): Rules {
  const policies = Array.from({ length: 1 + chance.below(3) }, () => ({
    type: chance.pick(['Pods', 'Percent'] as const),
    value: chance.pick([1, 2, 4, 10, 50, 100]),
    period: chance.pick([15, 30, 60, 100, 180]),
  }));
  return {
    select: chance.chance(0.08) ? 'Disabled' : chance.pick(['Max', 'Min'] as const),
    policies,
    window: chance.pick([window, 0, 30, 45, 100, 150]),
    tolerance: chance.pick([0.1, 0.1, 0, 0.05, 0.3]),
  };
}

function autoscalerOf({ min, max, metrics, behavior }: Settings): HorizontalPodAutoscaler {
  return {
    ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
    metadata: { name: 'web', namespace: 'n', uid: 'autoscaler' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      ...{ minReplicas: min, maxReplicas: max, metrics: metrics.map(specOf) },
      ...(behavior && { behavior: { scaleUp: rulesOf(behavior.up), scaleDown: rulesOf(behavior.down) } }),
    },
    status: { desiredReplicas: 0, currentMetrics: null },
  } as unknown as HorizontalPodAutoscaler;
}
function specOf(metric: EvaluatedMetric): MetricSpec {
  switch (metric.kind) {
    case 'utilization':
      return {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: metric.percent } },
      };
    case 'usage':
      return {
        type: 'ContainerResource',
        containerResource: {
          name: 'cpu',
          container: 'a',
          target: { type: 'AverageValue', averageValue: `${metric.target}m` },
        },
      };
    case 'perPod':
      return {
        type: 'Pods',
        pods: { metric: { name: 'hits' }, target: { type: 'AverageValue', averageValue: `${metric.target}m` } },
      };
    case 'value':
      return {
        type: 'Object',
        object: {
          ...{ metric: { name: 'hits' }, describedObject: { kind: 'Service', name: 's', apiVersion: 'v1' } },
          target: { type: 'Value', value: `${metric.target}m` },
        },
      };
    case 'share':
      return {
        type: 'External',
        external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: `${metric.target}m` } },
      };
  }
}
function rulesOf({ select, policies, window, tolerance }: Rules): HPAScalingRules {
  return {
    ...{ selectPolicy: select, stabilizationWindowSeconds: window, tolerance: `${tolerance * 1000}m` },
    policies: policies.map(({ type, value, period }) => ({ type, value, periodSeconds: period })),
  };
}
const podsMade = new WeakMap<SimulatedPod, Pod>();
function podOf(pod: SimulatedPod): Pod {
  const made = podsMade.get(pod) ?? newPodOf(pod);
  podsMade.set(pod, made);
  return made;
}
function newPodOf(pod: SimulatedPod): Pod {
  const { name, phase, isReady, isDeleted, readyChangedAt, startedAt, request } = pod;
  const ready = { type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: timeOf(readyChangedAt) };
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: {
      ...{ name, namespace: 'n', uid: name, labels: { app: 'web' } },
      ...(isDeleted && { deletionTimestamp: timeOf(readyChangedAt) }),
    },
    spec: { containers: [{ name: 'a', resources: { requests: { cpu: `${request}m` } } }] },
    status: { phase, startTime: timeOf(startedAt), conditions: [ready] },
  } as unknown as Pod;
}
const timeOf = (seconds: number): string => toTime(seconds * 1000);

const ASKED: Readonly<Record<EvaluatedMetric['kind'], string>> = {
  ...{ utilization: 'resource', usage: 'resource a', perPod: 'pod', value: 'object', share: 'external' },
};
function answerTo(text: string, metrics: readonly EvaluatedMetric[], answers: readonly Answer[]): Json | undefined {
  const question = parseQuestion(text);
  if (!question) return undefined;
  const asked = question.of === 'resource' && question.container !== undefined ? 'resource a' : question.of;
  const answer = answers[metrics.findIndex(({ kind }) => ASKED[kind] === asked)];
  if (answer === undefined) return undefined;
  const made: MetricAnswer =
    typeof answer === 'number'
      ? { values: [answer] }
      : {
          pods: Object.fromEntries(
            [...answer].map(([pod, { value, takenAt, window }]) => [pod, [value, takenAt * 1000, window * 1000]]),
          ),
        };
  return made as unknown as Json;
}

function merged(old: JsonObject, patch: JsonObject): JsonObject {
  const out: Record<string, Json> = { ...(old as Record<string, Json>) };
  for (const [key, value] of Object.entries(patch)) {
    const before = out[key];
    if (value === null) delete out[key];
    else
      out[key] = isJsonObject(value)
        ? merged(isJsonObject(before) ? before : {}, value as JsonObject)
        : (value as Json);
  }
  return out;
}
