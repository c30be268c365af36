import { dns1123Label, forbidden, invalid, notSupported, pathSegment, quantityOf, required } from '#meta';
import type { Problem } from '#model';
import { each, type Problems } from '../../validation/checks.js';
import type { ExternalMetricSource, MetricIdentifier, MetricSpec, MetricTarget, ObjectMetricSource } from './schema.js';
import { validateReference } from './validate-reference.js';

/** Where the settings of each source are, in the order in which they are checked. */
const PARTS = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;
type Part = (typeof PARTS)[number];
const PART_OF: Readonly<Record<string, Part>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};
const TYPES = Object.keys(PART_OF);

export function validateMetrics(field: string, metrics: readonly MetricSpec[], least: number | undefined): Problems {
  const found = metrics.flatMap((metric, i) => validateMetric(`${field}[${i}]`, metric));
  const isOfPods = !metrics.some(({ type }) => type === 'Object' || type === 'External');
  if (least !== 0 || !isOfPods) return found;
  const why = 'must specify at least one Object or External metric to support scaling to zero replicas';
  return [...found, forbidden(field, why)];
}

function validateMetric(field: string, spec: MetricSpec): Problems {
  const { type } = spec;
  const found: Problem[] = [];
  if (type === '') found.push(required(`${field}.type`, 'must specify a metric source type'));
  const isKnown = TYPES.includes(type);
  const unknown = isKnown ? [] : [notSupported(`${field}.type`, type, TYPES)];
  found.push(...unknown);
  const present = PARTS.filter((part) => spec[part] !== undefined);
  const [first] = present;
  if (first !== undefined) found.push(...validatePart(`${field}.${first}`, first, spec));
  const expected = Object.hasOwn(PART_OF, type) ? PART_OF[type] : undefined;
  if (expected !== undefined && spec[expected] === undefined)
    found.push(required(`${field}.${expected}`, 'must populate information for the given metric source'));
  // Kubernetes looks at the type twice, and says it twice.
  found.push(...unknown);
  if (present.length === 1) return found;
  const others = present.filter((part) => part !== expected);
  return [
    ...found,
    ...others.map((part) => forbidden(`${field}.${part}`, 'must populate the given metric source only')),
  ];
}

function validatePart(field: string, part: Part, spec: MetricSpec): Problems {
  switch (part) {
    case 'object':
      return spec.object ? validateObject(field, spec.object) : [];
    case 'external':
      return spec.external ? validateExternal(field, spec.external) : [];
    case 'pods':
      return spec.pods ? validatePods(field, spec.pods) : [];
    case 'resource':
      return spec.resource ? validateResource(field, spec.resource) : [];
    case 'containerResource':
      return spec.containerResource ? validateResource(field, spec.containerResource) : [];
  }
}

function validateObject(field: string, { describedObject, metric, target }: ObjectMetricSource): Problems {
  const found: Problem[] = [
    ...validateReference(`${field}.describedObject`, describedObject, { needsGroup: false }),
    ...validateIdentifier(`${field}.metric`, metric),
    ...validateTarget(`${field}.target`, target),
  ];
  if (target.value === undefined && target.averageValue === undefined)
    found.push(required(`${field}.target.averageValue`, 'must set either a target value or averageValue'));
  return found;
}

function validateExternal(field: string, { metric, target }: ExternalMetricSource): Problems {
  const found: Problem[] = [
    ...validateIdentifier(`${field}.metric`, metric),
    ...validateTarget(`${field}.target`, target),
  ];
  const words = 'a target value for metric';
  if (target.value === undefined && target.averageValue === undefined)
    found.push(required(`${field}.target.averageValue`, `must set either ${words} or a per-pod target`));
  if (target.value !== undefined && target.averageValue !== undefined)
    found.push(forbidden(`${field}.target.value`, `may not set both ${words} and a per-pod target`));
  return found;
}

function validatePods(field: string, { metric, target }: Pick<ExternalMetricSource, 'metric' | 'target'>): Problems {
  const found: Problem[] = [
    ...validateIdentifier(`${field}.metric`, metric),
    ...validateTarget(`${field}.target`, target),
  ];
  if (!isPositive(target.averageValue))
    found.push(required(`${field}.target.averageValue`, 'must specify a positive target averageValue'));
  return found;
}

interface ResourceSource {
  readonly name: string;
  readonly container?: string;
  readonly target: MetricTarget;
}
function validateResource(field: string, { name, container, target }: ResourceSource): Problems {
  const found: Problem[] = [];
  if (name === '') found.push(required(`${field}.name`, 'must specify a resource name'));
  if (container === '') found.push(required(`${field}.container`, 'must specify a container'));
  else if (container !== undefined) found.push(...each(`${field}.container`, container, dns1123Label(container)));
  found.push(...validateTarget(`${field}.target`, target));
  const words = 'a target raw value';
  if (target.averageUtilization === undefined && target.averageValue === undefined)
    found.push(required(`${field}.target.averageUtilization`, `must set either ${words} or a target utilization`));
  if (target.averageUtilization !== undefined && target.averageValue !== undefined)
    found.push(forbidden(`${field}.target.averageValue`, `may not set both ${words} and a target utilization`));
  return found;
}

function validateIdentifier(field: string, { name }: MetricIdentifier): Problems {
  if (name === '') return [required(`${field}.name`, 'must specify a metric name')];
  return each(`${field}.name`, name, pathSegment(name));
}

const TARGETS = ['Utilization', 'Value', 'AverageValue'];
function validateTarget(field: string, target: MetricTarget): Problems {
  const { type, value, averageValue, averageUtilization } = target;
  const found: Problem[] = [];
  if (type === '') found.push(required(`${field}.type`, 'must specify a metric target type'));
  if (!TARGETS.includes(type))
    found.push(invalid(`${field}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  if (averageUtilization !== undefined && averageUtilization < 1)
    found.push(invalid(`${field}.averageUtilization`, averageUtilization, 'must be greater than 0'));
  if (value !== undefined && !isPositive(value)) found.push(invalid(`${field}.value`, value, 'must be positive'));
  if (averageValue !== undefined && !isPositive(averageValue))
    found.push(invalid(`${field}.averageValue`, averageValue, 'must be positive'));
  return found;
}
function isPositive(text: string | undefined): boolean {
  return quantityOf(text).nanos > 0n;
}
