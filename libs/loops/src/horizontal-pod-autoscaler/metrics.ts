import { SCALE_ON_PRESSURE } from '#kinds';
import type { HorizontalPodAutoscaler, MetricIdentifier, MetricSpec, MetricStatus } from '#kinds';
import { labelMatcher, quantityMilliValue, quantityOf, quantityText, selectorText } from '#meta';
import type { MetricQuestion } from '#model';
import type { Pod } from '#pod';
import type { Moment } from '../shared/index.js';
import { demandOf, podFigures, valuesOf, type Failed, type Values } from './figures.js';
import { podEvidence, valueEvidence } from './evidence.js';
import { groupPods, readyCount, requestsOf } from './pods.js';
import {
  averageMeasure,
  sizeBy,
  sizeByShare,
  sizeByValue,
  utilizationMeasure,
  type Measure,
  type Size,
  type Tolerances,
} from './replicas.js';
import { goSelector } from './go-selector.js';
import type { Target } from './target.js';

/** What a metric asks for. */
export interface Proposal {
  readonly replicas: number;
  /** As conditions and events name the metric. */
  readonly name: string;
  readonly status: MetricStatus;
  /** The calculation in words. */
  readonly because: string;
}
/** Why a metric asks for nothing. */
export interface Failure {
  readonly reason: string;
  /** What the condition and the event about this metric say. */
  readonly message: string;
  /** The same among the others, `failed to get cpu resource metric value: …`. */
  readonly error: string;
}
export function isFailure(result: Proposal | Failure): result is Failure {
  return 'error' in result;
}

export interface Metering {
  readonly autoscaler: HorizontalPodAutoscaler;
  readonly target: Target;
  readonly pods: readonly Pod[];
  readonly tolerances: Tolerances;
  readonly moment: Moment;
}

const NO_PODS = 'no pods returned by selector while calculating replica count';
const FAILED = {
  Resource: 'FailedGetResourceMetric',
  ContainerResource: 'FailedGetContainerResourceMetric',
  Pods: 'FailedGetPodsMetric',
  Object: 'FailedGetObjectMetric',
  External: 'FailedGetExternalMetric',
} as const;

export function propose(metering: Metering, spec: MetricSpec): Proposal | Failure {
  const { resource, containerResource, pods, object, external } = spec;
  if (spec.type === 'Resource' && resource)
    return named(proposeByUsage(metering, resource, 'Resource'), FAILED.Resource, `${resource.name} resource metric`);
  if (spec.type === 'ContainerResource' && containerResource) {
    const { container } = containerResource;
    const result = proposeByUsage(metering, containerResource, 'ContainerResource');
    return named(result, FAILED.ContainerResource, `${container} container metric`);
  }
  if (spec.type === 'Pods' && pods) return named(proposeByPods(metering, pods), FAILED.Pods, 'pods metric');
  if (spec.type === 'Object' && object) return named(proposeByObject(metering, object), FAILED.Object, 'object metric');
  if (spec.type === 'External' && external) {
    const { name } = external.metric;
    return named(proposeByExternal(metering, external), FAILED.External, `${name} external metric`);
  }
  const message = `unknown metric source type ${JSON.stringify(spec.type)}`;
  return { reason: 'InvalidMetricSourceType', message, error: message };
}

function named(result: Proposal | string, reason: string, what: string): Proposal | Failure {
  if (typeof result !== 'string') return result;
  return { reason, message: result, error: `failed to get ${what} value: ${result}` };
}

type Usage = NonNullable<MetricSpec['resource']> & { readonly container?: string };

function proposeByUsage(
  metering: Metering,
  { name, target, container }: Usage,
  type: 'Resource' | 'ContainerResource',
): Proposal | string {
  const { averageValue, averageUtilization } = target;
  if (averageValue === undefined && averageUtilization === undefined)
    return 'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set';
  const { namespace = '' } = metering.autoscaler.metadata;
  const question: MetricQuestion = {
    ...{ of: 'resource', resource: name, namespace, selector: metering.target.selector },
    ...(container !== undefined && { container }),
  };
  const measure = (): Measure | string => {
    if (averageValue !== undefined) return averageMeasure(milli(averageValue));
    const requests = requestsOf(metering.pods, name, container);
    return typeof requests === 'string' ? requests : utilizationMeasure(requests, averageUtilization ?? 0);
  };
  const failed = `unable to get metrics for resource ${name}`;
  const size = sizeByPods(metering, { question, failed, measure, isCpu: name === 'cpu' });
  if (typeof size === 'string')
    return `failed to get ${name} ${averageValue !== undefined ? 'usage' : 'utilization'}: ${size}`;
  const ofContainer = type === 'ContainerResource' ? 'container ' : '';
  const current = {
    averageValue: milliText(size.average),
    ...(averageValue === undefined && size.utilization !== undefined && { averageUtilization: size.utilization }),
  };
  return {
    replicas: size.replicas,
    name:
      averageValue !== undefined
        ? `${name} resource`
        : `${name} ${ofContainer}resource utilization (percentage of request)`,
    status:
      container === undefined
        ? { type, resource: { name, current } }
        : { type, containerResource: { name, container, current } },
    because: words(size, averageValue ?? `${averageUtilization ?? 0} %`, size.evidence),
  };
}

function proposeByPods(metering: Metering, { metric, target }: NonNullable<MetricSpec['pods']>): Proposal | string {
  const { namespace = '' } = metering.autoscaler.metadata;
  const metricSelector = selectorIn(metric);
  if (typeof metricSelector !== 'string') return metricSelector.error;
  const question: MetricQuestion = {
    ...{ of: 'pod', metric: metric.name, namespace, selector: metering.target.selector, metricSelector },
  };
  const measure = (): Measure => averageMeasure(milli(target.averageValue));
  const size = sizeByPods(metering, {
    ...{ question, failed: `unable to get metric ${metric.name}`, measure, isCpu: false },
  });
  if (typeof size === 'string') return size;
  return {
    replicas: size.replicas,
    name: `pods metric ${metric.name}`,
    status: { type: 'Pods', pods: { metric, current: { averageValue: milliText(size.average) } } },
    because: words(size, target.averageValue ?? '0', size.evidence),
  };
}

interface ByPods {
  readonly question: MetricQuestion;
  /** What a failure of the API begins with. */
  readonly failed: string;
  /** Made once there are figures. */
  readonly measure: () => Measure | string;
  readonly isCpu: boolean;
}
function sizeByPods(
  metering: Metering,
  { question, failed, measure, isCpu }: ByPods,
): (Size & { readonly evidence: string }) | string {
  const { pods, target, tolerances, moment } = metering;
  const answered = podFigures(moment.outside, question);
  if ('error' in answered) return `${failed}: ${answered.error}`;
  const isDemand = isCpu && isByPressure(metering.autoscaler);
  const figures = isDemand ? demandOf(answered) : answered;
  if (pods.length === 0) return NO_PODS;
  const groups = groupPods(pods, figures, { isCpu, moment });
  const names = new Set(pods.map(({ metadata }) => metadata.name));
  const own = new Map([...figures].filter(([pod]) => names.has(pod)));
  const made = measure();
  if (typeof made === 'string') return made;
  const size = sizeBy(made, groups, { figures: own, current: target.replicas, tolerances });
  if (typeof size === 'string') return size;
  const { now } = moment;
  return { ...size, evidence: podEvidence({ groups, answered, figures: own, ratio: size.ratio, now }) };
}

function proposeByObject(
  metering: Metering,
  { metric, target, describedObject }: NonNullable<MetricSpec['object']>,
): Proposal | string {
  const { namespace = '' } = metering.autoscaler.metadata;
  const metricSelector = selectorIn(metric);
  if (typeof metricSelector !== 'string') return metricSelector.error;
  const { kind, name, apiVersion = '' } = describedObject;
  const answer = valuesOf(metering.moment.outside, {
    ...{ of: 'object', metric: metric.name, namespace, object: { apiVersion, kind, name }, metricSelector },
  });
  // The words are in this order in Kubernetes, too.
  if ('error' in answer) {
    const error = `unable to get metric ${metric.name}: ${kind} on ${namespace} ${name}/${answer.error}`;
    return target.type === 'Value' ? error : `failed to get ${metric.name} object metric: ${error}`;
  }
  const usage = sumOf(answer.values);
  const evidence = valueEvidence(answer, metering.moment.now);
  const status = (current: { value?: string; averageValue?: string }): MetricStatus => ({
    ...{ type: 'Object', object: { metric, describedObject, current } },
  });
  if (target.type === 'Value' && target.value !== undefined)
    return byValue(metering, {
      ...{ usage, evidence, target: target.value, name: `${kind} metric ${metric.name}`, status },
    });
  if (target.type === 'AverageValue' && target.averageValue !== undefined)
    return byShare(metering, { usage, evidence, target: target.averageValue, name: sharedName(metric), status });
  return 'invalid object metric source: neither a value target nor an average value target was set';
}

function proposeByExternal(
  metering: Metering,
  { metric, target }: NonNullable<MetricSpec['external']>,
): Proposal | string {
  const { namespace = '' } = metering.autoscaler.metadata;
  const isShared = target.averageValue !== undefined;
  if (!isShared && target.value === undefined)
    return 'invalid external metric source: neither a value target nor an average value target was set';
  const metricSelector = selectorIn(metric);
  const answer: Values | Failed =
    typeof metricSelector === 'string'
      ? valuesOf(metering.moment.outside, { of: 'external', metric: metric.name, namespace, metricSelector })
      : metricSelector;
  if ('error' in answer) {
    const error = `unable to get external metric ${namespace}/${metric.name}/${goSelector(metric.selector)}: ${answer.error}`;
    return isShared
      ? `failed to get ${metric.name} external metric: ${error}`
      : `failed to get external metric ${metric.name}: ${error}`;
  }
  const usage = sumOf(answer.values);
  const evidence = valueEvidence(answer, metering.moment.now);
  const status = (current: { value?: string; averageValue?: string }): MetricStatus => ({
    ...{ type: 'External', external: { metric, current } },
  });
  if (target.averageValue !== undefined)
    return byShare(metering, { usage, evidence, target: target.averageValue, name: sharedName(metric), status });
  return byValue(metering, { usage, evidence, target: target.value ?? '0', name: sharedName(metric), status });
}
function sharedName(metric: MetricIdentifier): string {
  return `external metric ${metric.name}(${goSelector(metric.selector)})`;
}

interface Whole {
  readonly usage: bigint;
  /** How old it is, in words. */
  readonly evidence: string;
  readonly target: string;
  readonly name: string;
  readonly status: (current: { value?: string; averageValue?: string }) => MetricStatus;
}
function byValue(metering: Metering, { usage, evidence, target, name, status }: Whole): Proposal | string {
  const { target: scaled, pods, tolerances } = metering;
  const current = scaled.replicas;
  const ready = readyCount(pods);
  const size = sizeByValue(usage, milli(target), { current, ready, tolerances });
  if (current !== 0 && size.replicas !== current && pods.length === 0)
    return `unable to calculate ready pods: ${NO_PODS}`;
  const { replicas } = size;
  return { replicas, name, status: status({ value: milliText(usage) }), because: words(size, target, evidence) };
}
function byShare(metering: Metering, { usage, evidence, target, name, status }: Whole): Proposal {
  const { target: scaled, tolerances } = metering;
  const size = sizeByShare(usage, milli(target), { current: scaled.statusReplicas, tolerances });
  const { replicas, average } = size;
  return {
    replicas,
    name,
    status: status({ averageValue: milliText(average) }),
    because: words(size, target, evidence),
  };
}

/** `240m of a target of 100m (ratio 2.4), answered 2 s ago: 3 replicas`. */
function words({ utilization, average, ratio, replicas }: Size, target: string, evidence: string): string {
  const now = utilization === undefined ? milliText(average) : `${utilization} %`;
  return `${now} of a target of ${target} (ratio ${Number(ratio.toPrecision(3))})${evidence}: ${replicas} replicas`;
}

function selectorIn({ selector }: MetricIdentifier): string | Failed {
  const matcher = labelMatcher(selector ?? {});
  return matcher.ok ? selectorText(selector ?? {}) : { error: matcher.message };
}
function sumOf(values: readonly bigint[]): bigint {
  return values.reduce((sum, value) => sum + value, 0n);
}
function milli(text: string | undefined): bigint {
  return BigInt(quantityMilliValue(quantityOf(text)));
}
function milliText(value: bigint): string {
  return quantityText({ nanos: value * 1_000_000n, format: 'decimal' });
}

/** Whether what pods would use without their limits counts as used. */
export function isByPressure({ metadata: { annotations } }: HorizontalPodAutoscaler): boolean {
  return annotations?.[SCALE_ON_PRESSURE] === 'true';
}

/** How far a metric may be from its target: one in ten, or what the behavior says. */
export function tolerancesOf({ spec: { behavior } }: HorizontalPodAutoscaler): Tolerances {
  return {
    up: toleranceOf(behavior?.scaleUp?.tolerance),
    down: toleranceOf(behavior?.scaleDown?.tolerance),
  };
}
function toleranceOf(text: string | undefined): number {
  return text === undefined ? 0.1 : Number(quantityOf(text).nanos) / 1e9;
}
