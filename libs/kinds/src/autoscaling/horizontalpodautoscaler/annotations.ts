import { decode } from '#model';
import { isJsonObject, type Json, type JsonObject } from '#std';
import {
  horizontalPodAutoscalerBehavior,
  type HorizontalPodAutoscalerBehavior,
  type HPAScalingRules,
  type MetricSpec,
  type MetricStatus,
} from './schema.js';

/** The fields of a value that are there, in the order given: Kubernetes writes annotations in the order of its types. */
function fields(entries: readonly (readonly [string, unknown])[]): JsonObject {
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as JsonObject;
}
function part(value: JsonObject, name: string): JsonObject {
  const found = Object.hasOwn(value, name) ? value[name] : undefined;
  return isJsonObject(found) ? found : {};
}

/** A metric as autoscaling/v1 writes it. */
export function metricOf(metric: MetricSpec): Json {
  const { type, object, pods, resource, external, containerResource } = metric;
  return fields([
    ['type', type],
    ['object', object && objectOf({ ...object, amount: object.target, word: 'targetValue' })],
    [
      'pods',
      pods &&
        fields([
          ['metricName', pods.metric.name],
          ['targetAverageValue', pods.target.averageValue ?? '0'],
          ['selector', pods.metric.selector],
        ]),
    ],
    ['resource', resource && usageOf(resource)],
    ['containerResource', containerResource && usageOf(containerResource)],
    [
      'external',
      external &&
        fields([
          ['metricName', external.metric.name],
          ['metricSelector', external.metric.selector],
          ['targetValue', external.target.value],
          ['targetAverageValue', external.target.averageValue],
        ]),
    ],
  ]);
}
function usageOf(source: NonNullable<MetricSpec['resource']> & { readonly container?: string }): JsonObject {
  return fields([
    ['name', source.name],
    ['targetAverageUtilization', source.target.averageUtilization],
    ['targetAverageValue', source.target.averageValue],
    ['container', source.container],
  ]);
}
interface OfObject {
  readonly describedObject: { readonly kind: string; readonly name: string; readonly apiVersion?: string };
  readonly metric: { readonly name: string; readonly selector?: unknown };
  readonly amount: { readonly value?: string; readonly averageValue?: string };
  readonly word: 'targetValue' | 'currentValue';
}
function objectOf({ describedObject, metric, amount, word }: OfObject): JsonObject {
  const { kind, name, apiVersion } = describedObject;
  return fields([
    [
      'target',
      fields([
        ['kind', kind],
        ['name', name],
        ['apiVersion', apiVersion || undefined],
      ]),
    ],
    ['metricName', metric.name],
    [word, amount.value ?? '0'],
    ['selector', metric.selector],
    ['averageValue', amount.averageValue],
  ]);
}

/** A metric's last value as autoscaling/v1 writes it. */
export function statusOf(status: MetricStatus): Json {
  const { type, object, pods, resource, external, containerResource } = status;
  return fields([
    ['type', type],
    ['object', object && objectOf({ ...object, amount: object.current, word: 'currentValue' })],
    [
      'pods',
      pods &&
        fields([
          ['metricName', pods.metric.name],
          ['currentAverageValue', pods.current.averageValue ?? '0'],
          ['selector', pods.metric.selector],
        ]),
    ],
    ['resource', resource && currentUsageOf(resource)],
    ['containerResource', containerResource && currentUsageOf(containerResource)],
    [
      'external',
      external &&
        fields([
          ['metricName', external.metric.name],
          ['metricSelector', external.metric.selector],
          ['currentValue', external.current.value ?? '0'],
          ['currentAverageValue', external.current.averageValue],
        ]),
    ],
  ]);
}
function currentUsageOf(source: NonNullable<MetricStatus['resource']> & { readonly container?: string }): JsonObject {
  return fields([
    ['name', source.name],
    ['currentAverageUtilization', source.current.averageUtilization],
    ['currentAverageValue', source.current.averageValue ?? '0'],
    ['container', source.container],
  ]);
}

/** A metric of autoscaling/v1 as one of v2, still to be decoded. */
export function metricFrom(value: Json): Json {
  if (!isJsonObject(value)) return value;
  const amount = (source: JsonObject, prefix: string): JsonObject => {
    const utilization = source[`${prefix}Utilization`];
    const averageValue = source[`${prefix}Value`];
    return fields([
      ['type', utilization === undefined || utilization === null ? 'AverageValue' : 'Utilization'],
      ['averageUtilization', utilization],
      ['averageValue', averageValue],
    ]);
  };
  return withSources(value, (name, source) => {
    switch (name) {
      case 'object': {
        const isAverage = source['averageValue'] !== undefined;
        return {
          ...identified(source, 'selector'),
          describedObject: part(source, 'target'),
          target: isAverage
            ? fields([
                ['type', 'AverageValue'],
                ['averageValue', source['averageValue']],
              ])
            : fields([
                ['type', 'Value'],
                ['value', source['targetValue'] ?? '0'],
              ]),
        };
      }
      case 'external': {
        const isAverage = source['targetAverageValue'] !== undefined;
        return {
          ...identified(source, 'metricSelector'),
          target: fields([
            ['type', isAverage ? 'AverageValue' : 'Value'],
            ['value', source['targetValue']],
            ['averageValue', source['targetAverageValue']],
          ]),
        };
      }
      case 'pods':
        return {
          ...identified(source, 'selector'),
          target: { type: 'AverageValue', averageValue: source['targetAverageValue'] ?? '0' },
        };
      default:
        return { ...named(source), target: amount(source, 'targetAverage') };
    }
  });
}

/** A metric's last value of autoscaling/v1 as one of v2, still to be decoded. */
export function statusFrom(value: Json): Json {
  if (!isJsonObject(value)) return value;
  return withSources(value, (name, source) => {
    const whole = fields([
      ['value', source['currentValue']],
      ['averageValue', source['averageValue']],
    ]);
    switch (name) {
      case 'object':
        return { ...identified(source, 'selector'), describedObject: part(source, 'target'), current: whole };
      case 'external':
        return {
          ...identified(source, 'metricSelector'),
          current: fields([
            ['value', source['currentValue']],
            ['averageValue', source['currentAverageValue']],
          ]),
        };
      case 'pods':
        return {
          ...identified(source, 'selector'),
          current: fields([['averageValue', source['currentAverageValue']]]),
        };
      default:
        return {
          ...named(source),
          current: fields([
            ['averageUtilization', source['currentAverageUtilization']],
            ['averageValue', source['currentAverageValue']],
          ]),
        };
    }
  });
}

const SOURCES = ['object', 'pods', 'resource', 'external', 'containerResource'] as const;
type Source = (typeof SOURCES)[number];
function withSources(value: JsonObject, from: (name: Source, source: JsonObject) => JsonObject): JsonObject {
  const sources = SOURCES.flatMap((name) => {
    const source = Object.hasOwn(value, name) ? value[name] : undefined;
    return isJsonObject(source) ? [[name, from(name, source)] as const] : [];
  });
  return fields([['type', value['type']], ...sources]);
}
function identified(source: JsonObject, selector: 'selector' | 'metricSelector'): { readonly metric: JsonObject } {
  return {
    metric: fields([
      ['name', source['metricName']],
      ['selector', source[selector]],
    ]),
  };
}
function named(source: JsonObject): JsonObject {
  return fields([
    ['name', source['name']],
    ['container', source['container']],
  ]);
}

/** The behavior as Kubernetes writes its inner type, which has Go's names. */
export function behaviorText({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): string {
  return JSON.stringify({ ScaleUp: rulesOf(scaleUp), ScaleDown: rulesOf(scaleDown) });
}
function rulesOf(rules: HPAScalingRules | undefined): Json {
  if (rules === undefined) return null;
  const { stabilizationWindowSeconds, selectPolicy, policies, tolerance } = rules;
  return {
    StabilizationWindowSeconds: stabilizationWindowSeconds ?? null,
    SelectPolicy: selectPolicy ?? null,
    Policies:
      policies?.map(({ type, value, periodSeconds }) => ({ Type: type, Value: value, PeriodSeconds: periodSeconds })) ??
      null,
    Tolerance: tolerance ?? null,
  };
}

/** Go reads field names in any case. */
const FIELDS = new Map(
  ['scaleUp', 'scaleDown', 'stabilizationWindowSeconds', 'selectPolicy', 'policies', 'tolerance'].map((name) => [
    name.toLowerCase(),
    name,
  ]),
);
const POLICY_FIELDS = new Map(['type', 'value', 'periodSeconds'].map((name) => [name.toLowerCase(), name]));

export function behaviorFrom(text: string | undefined): HorizontalPodAutoscalerBehavior | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const behavior = renamed(value, FIELDS, (rules) =>
    isJsonObject(rules) ? renamed(rules, FIELDS, policiesFrom) : rules,
  );
  const read = decode(horizontalPodAutoscalerBehavior, behavior);
  return read.error === undefined && (read.value.scaleUp ?? read.value.scaleDown) ? read.value : undefined;
}
function policiesFrom(value: Json): Json {
  if (!Array.isArray(value)) return value;
  return (value as readonly Json[]).map((policy) =>
    isJsonObject(policy) ? renamed(policy, POLICY_FIELDS, (one) => one) : policy,
  );
}
function renamed(value: JsonObject, names: ReadonlyMap<string, string>, inner: (value: Json) => Json): JsonObject {
  return fields(
    Object.entries(value).flatMap(([key, one]) => {
      const name = names.get(key.toLowerCase());
      return name === undefined || one === null || one === undefined ? [] : [[name, inner(one)] as const];
    }),
  );
}
