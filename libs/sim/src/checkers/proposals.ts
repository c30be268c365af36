import { SCALE_ON_PRESSURE, type HorizontalPodAutoscaler, type MetricSpec } from '#kinds';
import { quantityMilliValue, quantityOf } from '#meta';
import { isJsonObject, parseInstant, type Json } from '#std';
import { conditionOf, type Pod } from '#pod';
import type { Range } from '../load/loads.js';

/** Figures as a decision recorded them: thousandths, when they were taken, over which interval, and what was asked for. */
export type Figures = ReadonlyMap<string, readonly [milli: number, at: number, windowMs: number, demand?: number]>;
/** What a decision recorded about one metric: figures of pods, or the sum of values. */
export type Recorded = { readonly pods: Figures } | { readonly value: number };

/** What the autoscaler was told about each of its metrics, in their order; undefined where it was told nothing usable. */
export function recordedOf(
  { spec }: HorizontalPodAutoscaler,
  facts: Json | undefined,
): readonly (Recorded | undefined)[] {
  const answers = Object.entries(isJsonObject(facts) ? facts : {}).map(
    ([text, answer]) => [JSON.parse(text) as Json, answer] as const,
  );
  return (spec.metrics ?? []).map((metric) => recordedIn(answers.find(([question]) => asks(question, metric))?.[1]));
}
function asks(question: Json, metric: MetricSpec): boolean {
  if (!isJsonObject(question)) return false;
  const { of, resource, metric: name, container } = question;
  const usage = metric.resource ?? metric.containerResource;
  if (usage) return of === 'resource' && resource === usage.name && container === metric.containerResource?.container;
  if (metric.pods) return of === 'pod' && name === metric.pods.metric.name;
  return metric.object
    ? of === 'object' && name === metric.object.metric.name
    : of === 'external' && name === metric.external?.metric.name;
}
function recordedIn(answer: Json | undefined): Recorded | undefined {
  if (!isJsonObject(answer) || typeof answer['error'] === 'string') return undefined;
  const { pods, values } = answer;
  if (isJsonObject(pods))
    return { pods: new Map(Object.entries(pods) as unknown as [string, [number, number, number, number?]][]) };
  if (!Array.isArray(values) || values.length === 0 || !values.every(Number.isFinite)) return undefined;
  return { value: (values as readonly number[]).reduce((sum, one) => sum + one, 0) };
}

/** What one metric may ask for. */
export interface Proposals extends Range {
  /**
   * The least that it asks for if it asks for more pods than there are: those without figures count as idle then. Zero where it may
   * ask for no change, since all of them together with the idle ones may be within the tolerance.
   */
  readonly leastUp: number;
}

/**
 * The sizes that one metric may ask for: by the documented algorithm, with whatever is a matter of moments (whether a pod is
 * ready, was measured while it started) taken either way. Undefined where the pods ask for different amounts.
 */
export function proposalRange(
  metric: MetricSpec,
  recorded: Recorded,
  { autoscaler, pods }: { readonly autoscaler: HorizontalPodAutoscaler; readonly pods: readonly Pod[] },
): Proposals | undefined {
  const target = targetOf(metric);
  if ('value' in recorded) {
    const whole = recorded.value / target.amount;
    const least = Math.ceil(whole / (1 + TOLERANCE_MAX));
    return { least, most: Math.ceil(whole), leastUp: least };
  }
  const alive = pods.filter(({ metadata, status }) => !metadata.deletionTimestamp && status?.phase !== 'Failed');
  const requests = new Set(alive.map(requestOf));
  if (target.isShare && requests.size !== 1) return undefined;
  const [request = 0] = requests;
  const full = target.isShare ? (request * target.amount) / 100 : target.amount;
  const figureOf = (pod: Pod) => recorded.pods.get(pod.metadata.name);
  const isDemand = countsDemand(autoscaler, metric);
  const milliOf = (pod: Pod): number => {
    const [milli, , , demand = milli] = figureOf(pod) ?? [0, 0, 0];
    return isDemand ? Math.min(demand, milli * DEMAND_MAX) : milli;
  };
  const running = alive.filter(({ status }) => status?.phase !== 'Pending');
  const isOfWork = (pod: Pod): boolean => {
    const [, at, windowMs] = figureOf(pod) ?? [0, 0, 0];
    const ready = conditionOf(pod, 'Ready');
    return ready?.status === 'True' && at >= (parseInstant(ready.lastTransitionTime) ?? 0) + windowMs;
  };
  const certain = running.filter((pod) => figureOf(pod) && isOfWork(pod));
  const missing = running.filter((pod) => !figureOf(pod));
  const sum = (some: readonly Pod[]): number => some.reduce((all, pod) => all + milliOf(pod), 0);
  const guessed = missing.length * Math.max(full, target.isShare ? request : 0);
  // Percentages are cut to whole ones, of each pod.
  const cut = (some: number): number => (target.isShare ? (some * request) / 100 : 1);
  const isMore = sum(certain) - cut(certain.length) > full * (1 + TOLERANCE_MAX) * alive.length;
  return {
    least: atLeast(sum(certain) + guessed - cut(certain.length + missing.length), full),
    leastUp: isMore ? atLeast(sum(certain) - cut(certain.length), full) : 0,
    most: Math.ceil(sum(running) / full + EPSILON),
  };
}
function atLeast(amount: number, full: number): number {
  return Math.max(0, Math.ceil(amount / (full * (1 + TOLERANCE_MAX)) - EPSILON));
}
/** Behaviors of worlds have no larger tolerance. */
const TOLERANCE_MAX = 0.2;
const EPSILON = 1e-6;

/** Whether what a limit holds back counts as used. */
export function countsDemand({ metadata: { annotations } }: HorizontalPodAutoscaler, metric: MetricSpec): boolean {
  const usage = metric.resource ?? metric.containerResource;
  return usage?.name === 'cpu' && annotations?.[SCALE_ON_PRESSURE] === 'true';
}
/** More than so many times the use is not believed. */
export const DEMAND_MAX = 10;

/** What is aimed at: percent of what a pod requests, or thousandths. */
export function targetOf(metric: MetricSpec): { readonly isShare: boolean; readonly amount: number } {
  const source = metric.resource ?? metric.containerResource ?? metric.pods ?? metric.object ?? metric.external;
  const { averageUtilization, averageValue } = source?.target ?? {};
  return averageUtilization === undefined
    ? { isShare: false, amount: quantityMilliValue(quantityOf(averageValue)) }
    : { isShare: true, amount: averageUtilization };
}
/** In thousandths of a processor, of the one container. */
export function requestOf({ spec }: Pod): number {
  return quantityMilliValue(quantityOf(spec.containers[0]?.resources?.requests?.['cpu']));
}
