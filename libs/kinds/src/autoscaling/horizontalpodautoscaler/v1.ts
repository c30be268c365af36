import { decode, list, type KubeObject, type ServedVersion, type Type } from '#model';
import type { Json } from '#std';
import { behaviorFrom, behaviorText, metricFrom, metricOf, statusFrom, statusOf } from './annotations.js';
import { DEFAULT_METRICS } from './defaults.js';
import { BEHAVIOR, CONDITIONS, CURRENT_METRICS, METRICS, withoutRoundTrip } from './round-trip.js';
import {
  type HorizontalPodAutoscaler,
  horizontalPodAutoscalerBehavior,
  horizontalPodAutoscalerCondition,
  metricSpec,
  metricStatus,
  type HorizontalPodAutoscalerCondition,
  type MetricSpec,
  type MetricStatus,
} from './schema.js';
import { horizontalPodAutoscalerV1 } from './v1.schema.js';

/** autoscaling/v1 beside the stored v2: one store. */
export const v1Version: ServedVersion = {
  group: 'autoscaling',
  version: 'v1',
  schema: horizontalPodAutoscalerV1,
  toServed: (object) => toV1(object as HorizontalPodAutoscaler),
  toStored,
};

type Annotations = Readonly<Record<string, string>>;

/** A bookmark of a watch shows an object that has neither spec nor status. */
type Shown = Partial<Pick<HorizontalPodAutoscaler, 'spec' | 'status'>>;

function toV1(object: HorizontalPodAutoscaler): KubeObject {
  const { spec, status }: Shown = object;
  const { metrics, behavior: _behavior, ...rest } = spec ?? {};
  const cpu = itemsOf(metrics, metricSpec).find(isCpu)?.resource?.target.averageUtilization;
  const { conditions: _conditions, currentMetrics, ...counts } = status ?? {};
  const currentCpu = itemsOf(currentMetrics, metricStatus).findLast(isCpu)?.resource?.current.averageUtilization;
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: withAnnotations(object, annotationsOf(object)),
    ...(spec && { spec: { ...rest, ...(cpu !== undefined && { targetCPUUtilizationPercentage: cpu }) } }),
    ...(status && {
      status: {
        currentReplicas: 0,
        ...counts,
        ...(currentCpu !== undefined && { currentCPUUtilizationPercentage: currentCpu }),
      },
    }),
  } as KubeObject;
}

function annotationsOf({ spec, status }: Shown): Annotations {
  const others = itemsOf(spec?.metrics, metricSpec).filter((metric) => !isCpuUtilization(metric));
  const statuses = itemsOf(status?.currentMetrics, metricStatus);
  const conditions = itemsOf(status?.conditions, horizontalPodAutoscalerCondition);
  return {
    ...(others.length > 0 && { [METRICS]: JSON.stringify(others.map(metricOf)) }),
    // The usage of cpu is in a field, but only as a percentage.
    ...(statuses.length > 0 && { [CURRENT_METRICS]: JSON.stringify(statuses.map(statusOf)) }),
    ...(conditions.length > 0 && { [CONDITIONS]: JSON.stringify(conditions.map(conditionOf)) }),
    ...(spec?.behavior && { [BEHAVIOR]: behaviorText(decode(horizontalPodAutoscalerBehavior, spec.behavior).value) }),
  };
}
/** What is applied may hold nulls where a stored object has nothing. */
function itemsOf<T>(items: readonly T[] | null | undefined, item: Type<T>): readonly T[] {
  return items ? decode(list(item), items).value : [];
}
function withAnnotations({ metadata }: KubeObject, more: Annotations): KubeObject['metadata'] {
  if (Object.keys(more).length === 0) return metadata;
  return { ...metadata, annotations: { ...metadata.annotations, ...more } };
}
function conditionOf({ type, status, lastTransitionTime, reason, message }: HorizontalPodAutoscalerCondition): Json {
  return {
    type,
    status,
    lastTransitionTime: lastTransitionTime ?? null,
    ...(reason && { reason }),
    ...(message && { message }),
  };
}

function isCpu(metric: MetricSpec | MetricStatus): boolean {
  return metric.type === 'Resource' && metric.resource?.name === 'cpu';
}
function isCpuUtilization(metric: MetricSpec): boolean {
  return isCpu(metric) && metric.resource?.target.averageUtilization !== undefined;
}

interface V1Spec {
  readonly targetCPUUtilizationPercentage?: number;
  readonly [field: string]: unknown;
}
interface V1Status {
  readonly currentCPUUtilizationPercentage?: number;
  readonly [field: string]: unknown;
}

function toStored(object: KubeObject): KubeObject {
  const { targetCPUUtilizationPercentage: cpu, ...spec } = (object['spec'] ?? {}) as V1Spec;
  const { currentCPUUtilizationPercentage: currentCpu, ...status } = (object['status'] ?? {}) as V1Status;
  const annotations: Annotations = object.metadata.annotations ?? {};
  const behavior = behaviorFrom(annotations[BEHAVIOR]);
  const conditions = listFrom(annotations[CONDITIONS], horizontalPodAutoscalerCondition, (one) => one);
  const known = listFrom(annotations[CURRENT_METRICS], metricStatus, statusFrom);
  const metrics = [
    ...listFrom(annotations[METRICS], metricSpec, metricFrom),
    ...(cpu === undefined ? [] : [cpuMetric(cpu)]),
  ];
  const currentMetrics = known.length > 0 ? known : currentCpu === undefined ? null : [cpuStatus(currentCpu)];
  const { currentReplicas, ...counts } = status;
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: withoutRoundTrip(object.metadata),
    spec: { ...spec, metrics: metrics.length > 0 ? metrics : DEFAULT_METRICS, ...(behavior && { behavior }) },
    status: {
      ...counts,
      ...(currentReplicas !== 0 && currentReplicas !== undefined && { currentReplicas }),
      currentMetrics,
      ...(conditions.length > 0 && { conditions }),
    },
  } as KubeObject;
}
function cpuMetric(averageUtilization: number): MetricSpec {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } };
}
function cpuStatus(averageUtilization: number): MetricStatus {
  return { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization } } };
}

/** The list in an annotation; empty when it is none, which Kubernetes passes over without a word. */
function listFrom<T>(text: string | undefined, item: Type<T>, from: (value: Json) => Json): readonly T[] {
  const value = parsed(text);
  if (!Array.isArray(value)) return [];
  const read = decode(list(item), value.map(from));
  return read.error === undefined ? read.value : [];
}
function parsed(text: string | undefined): Json {
  if (text === undefined) return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
