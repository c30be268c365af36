/**
 * The algorithm of "Horizontal Pod Autoscaling" in Kubernetes' documentation, step by step, on plain numbers. It is what the loop is compared
 * with, so it shares no code with it and does without everything that makes code fast or short.
 */

export interface EvaluatedPod {
  readonly name: string;
  readonly phase: 'Pending' | 'Running' | 'Failed';
  readonly isDeleted: boolean;
  readonly isReady: boolean;
  /** Seconds. */
  readonly readyChangedAt: number;
  readonly startedAt: number;
  /** Thousandths of a core. */
  readonly request: number;
}
export interface Figure {
  readonly value: number;
  readonly takenAt: number;
  readonly window: number;
}
/** Of each pod a figure. */
export type PodMetric =
  | { readonly kind: 'utilization'; readonly percent: number }
  | { readonly kind: 'usage' | 'perPod'; readonly target: number };
/** One value for all. */
export interface ValueMetric {
  readonly kind: 'value' | 'share';
  readonly target: number;
}
export type EvaluatedMetric = PodMetric | ValueMetric;
export function isOfValue(metric: EvaluatedMetric): metric is ValueMetric {
  return metric.kind === 'value' || metric.kind === 'share';
}
/** Figures by pod, or one value; undefined where the API does not answer. */
export type Answer = ReadonlyMap<string, Figure> | number | undefined;

export interface Policy {
  readonly type: 'Pods' | 'Percent';
  readonly value: number;
  readonly period: number;
}
export interface Rules {
  readonly select: 'Max' | 'Min' | 'Disabled';
  readonly policies: readonly Policy[];
  readonly window: number;
  readonly tolerance: number;
}
export interface Settings {
  readonly min: number;
  readonly max: number;
  readonly metrics: readonly EvaluatedMetric[];
  readonly behavior: { readonly up: Rules; readonly down: Rules } | undefined;
}
export interface Tick {
  readonly now: number;
  readonly replicas: number;
  readonly statusReplicas: number;
  readonly pods: readonly EvaluatedPod[];
  readonly answers: readonly Answer[];
}

export class Evaluator {
  private readonly samples: { at: number; size: number }[] = [];
  private readonly changes: { at: number; by: number }[] = [];

  constructor(private readonly settings: Settings) {}

  /** The size after this moment. */
  decide(tick: Tick): number {
    const { min, max, behavior } = this.settings;
    const { now, replicas } = tick;
    // The size that was found first counts as recommended.
    if (this.samples.length === 0) this.samples.push({ at: now, size: replicas });
    // "Autoscaling is deactivated when the target has no replicas."
    if (replicas === 0) return 0;
    if (replicas > max) return this.changed(now, replicas, max);
    if (replicas < min) return this.changed(now, replicas, min);

    const wanted = this.byMetrics(tick);
    if (wanted === undefined) return replicas;
    const size = behavior ? this.byBehavior(tick, wanted) : this.byDefault(tick, wanted);
    this.samples.push({ at: now, size: wanted });
    return size === replicas ? replicas : this.changed(now, replicas, size);
  }

  private changed(now: number, from: number, to: number): number {
    this.changes.push({ at: now, by: to - from });
    return to;
  }

  /** "If multiple metrics are specified, the largest of the desired replica counts is chosen." */
  private byMetrics(tick: Tick): number | undefined {
    let largest: number | undefined;
    let isOneMissing = false;
    this.settings.metrics.forEach((metric, i) => {
      const proposal = this.byMetric(tick, metric, tick.answers[i]);
      if (proposal === undefined) isOneMissing = true;
      else if (largest === undefined || proposal > largest) largest = proposal;
    });
    // "If any of these metrics cannot be converted into a desired count and a scale down is suggested, scaling is skipped."
    if (largest !== undefined && isOneMissing && largest < tick.replicas) return undefined;
    return largest;
  }

  private byMetric(tick: Tick, metric: EvaluatedMetric, answer: Answer): number | undefined {
    if (answer === undefined) return undefined;
    if (isOfValue(metric)) return typeof answer === 'number' ? this.byNumber(tick, metric, answer) : undefined;
    return typeof answer === 'number' ? undefined : this.byPods(tick, metric, answer);
  }

  private isClose(ratio: number): boolean {
    const { behavior } = this.settings;
    const up = behavior ? behavior.up.tolerance : 0.1;
    const down = behavior ? behavior.down.tolerance : 0.1;
    return ratio >= 1 - down && ratio <= 1 + up;
  }

  private byNumber(tick: Tick, metric: ValueMetric, value: number): number | undefined {
    if (metric.kind === 'share') {
      const ratio = value / (metric.target * tick.statusReplicas);
      return this.isClose(ratio) ? tick.statusReplicas : Math.ceil(value / metric.target);
    }
    const ratio = value / metric.target;
    if (this.isClose(ratio)) return tick.replicas;
    if (tick.pods.length === 0) return undefined;
    const ready = tick.pods.filter((pod) => pod.phase === 'Running' && pod.isReady).length;
    return Math.ceil(ratio * ready);
  }

  private byPods(tick: Tick, metric: PodMetric, figures: ReadonlyMap<string, Figure>): number | undefined {
    if (tick.pods.length === 0) return undefined;
    const isCpu = metric.kind !== 'perPod';
    const measured: { pod: EvaluatedPod; value: number }[] = [];
    const notReady: EvaluatedPod[] = [];
    const missing: EvaluatedPod[] = [];
    for (const pod of tick.pods) {
      const figure = figures.get(pod.name);
      // "All Pods with a deletion timestamp set are ignored, and all failed Pods are discarded."
      if (pod.isDeleted || pod.phase === 'Failed') continue;
      if (pod.phase === 'Pending') notReady.push(pod);
      // "If a particular Pod is missing metrics, it is set aside for later."
      else if (figure === undefined) missing.push(pod);
      // "When scaling on CPU, if any pod has yet to become ready … that pod is set aside as well."
      else if (isCpu && this.isStarting(pod, figure, tick.now)) notReady.push(pod);
      else measured.push({ pod, value: figure.value });
    }
    if (measured.length === 0) return undefined;
    const ratioOf = (all: readonly { pod: EvaluatedPod; value: number }[]): number => {
      const total = all.reduce((sum, { value }) => sum + value, 0);
      if (metric.kind !== 'utilization') return Math.trunc(total / all.length) / metric.target;
      const requested = all.reduce((sum, { pod }) => sum + pod.request, 0);
      return Math.trunc((total * 100) / requested) / metric.percent;
    };
    const ratio = ratioOf(measured);
    const isUp = ratio > 1;
    const isDown = ratio < 1;
    const assumed = [...measured];
    // "missing Pods: consuming 100 % of the desired value in case of a scale down, 0 % in case of a scale up."
    for (const pod of missing) {
      const idle =
        metric.kind === 'utilization' ? Math.trunc((pod.request * Math.max(100, metric.percent)) / 100) : metric.target;
      if (isDown) assumed.push({ pod, value: idle });
      if (isUp) assumed.push({ pod, value: 0 });
    }
    // "not-yet-ready Pods are consuming 0 % … this further dampens the magnitude of a scale up."
    if (isUp) for (const pod of notReady) assumed.push({ pod, value: 0 });
    if (missing.length === 0 && !(isUp && notReady.length > 0))
      return this.isClose(ratio) ? tick.replicas : Math.ceil(ratio * measured.length);
    // "If the new ratio reverses the scale direction, or is within the tolerance, no scaling action is taken."
    const again = ratioOf(assumed);
    if (this.isClose(again) || (isUp && again < 1) || (isDown && again > 1)) return tick.replicas;
    const size = Math.ceil(again * assumed.length);
    if ((again > 1 && size < tick.replicas) || (again < 1 && size > tick.replicas)) return tick.replicas;
    return size;
  }

  /** `--horizontal-pod-autoscaler-cpu-initialization-period` (5 min) and `…-initial-readiness-delay` (30 s). */
  private isStarting(pod: EvaluatedPod, figure: Figure, now: number): boolean {
    if (now - pod.startedAt < 300) return !pod.isReady || figure.takenAt < pod.readyChangedAt + figure.window;
    return !pod.isReady && pod.readyChangedAt < pod.startedAt + 30;
  }

  /** Sizes that were recommended within the last seconds. */
  private recent(now: number, seconds: number): readonly number[] {
    return this.samples.filter(({ at }) => now - at < seconds).map(({ size }) => size);
  }

  private byDefault({ now, replicas }: Tick, wanted: number): number {
    const { min, max } = this.settings;
    const stable = Math.max(wanted, ...this.recent(now, 300));
    return Math.max(min, Math.min(stable, max, Math.max(4, replicas * 2)));
  }

  private byBehavior({ now, replicas }: Tick, wanted: number): number {
    const { min, max, behavior } = this.settings;
    if (!behavior) return wanted;
    const { up, down } = behavior;
    // "The highest of the window when it would go down, the lowest when it would go up."
    const lowest = Math.min(wanted, ...this.recent(now, up.window));
    const highest = Math.max(wanted, ...this.recent(now, down.window));
    let size = replicas;
    if (size < lowest) size = lowest;
    if (size > highest) size = highest;
    if (size > replicas) return Math.min(size, max, Math.max(replicas, this.limit(now, replicas, up, 'up')));
    if (size < replicas) return Math.max(size, min, Math.min(replicas, this.limit(now, replicas, down, 'down')));
    return size;
  }

  private limit(now: number, replicas: number, rules: Rules, direction: 'up' | 'down'): number {
    if (rules.select === 'Disabled') return replicas;
    const limits = rules.policies.map(({ type, value, period }) => {
      // What there was at the beginning of the period.
      const start = this.changes.filter(({ at }) => now - at < period).reduce((sum, { by }) => sum - by, replicas);
      if (direction === 'up') return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100));
      return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100));
    });
    const isWide = (rules.select === 'Max') === (direction === 'up');
    return isWide ? Math.max(...limits) : Math.min(...limits);
  }
}
