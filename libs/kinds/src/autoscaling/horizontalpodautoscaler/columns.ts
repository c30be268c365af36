import { ageColumn, column, nameColumn } from '../../columns.js';
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from './schema.js';

export const horizontalPodAutoscalerColumns = [
  nameColumn,
  column<HorizontalPodAutoscaler>('Reference', 'The object that is scaled', ({ spec }) => {
    const { kind, name } = spec.scaleTargetRef;
    return `${kind}/${name}`;
  }),
  column<HorizontalPodAutoscaler>('Targets', 'Current and target values of the metrics', ({ spec, status }) =>
    targets(spec.metrics ?? [], status?.currentMetrics ?? []),
  ),
  column<HorizontalPodAutoscaler>('MinPods', 'Lower bound of the number of replicas', ({ spec }) =>
    String(spec.minReplicas ?? '<unset>'),
  ),
  column<HorizontalPodAutoscaler>('MaxPods', 'Upper bound of the number of replicas', ({ spec }) => spec.maxReplicas),
  column<HorizontalPodAutoscaler>(
    'Replicas',
    'Number of replicas that was last seen',
    ({ status }) => status?.currentReplicas ?? 0,
  ),
  ageColumn,
];

const SHOWN_MAX = 2;
const UNKNOWN = '<unknown>';

function targets(specs: readonly MetricSpec[], statuses: readonly MetricStatus[]): string {
  if (specs.length === 0) return '<none>';
  // A status belongs to the metric at the same place of the list, whatever its name.
  const shown = specs.slice(0, SHOWN_MAX).map((spec, i) => cell(spec, statuses[i]));
  const more = specs.length - SHOWN_MAX;
  return more > 0 ? `${shown.join(', ')} + ${more} more...` : shown.join(', ');
}

function cell(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case 'External':
      return wholeOrAverage(spec.external?.target, status?.external?.current);
    case 'Object':
      return wholeOrAverage(spec.object?.target, status?.object?.current);
    case 'Pods':
      return `${quantity(status?.pods?.current, 'averageValue')}/${spec.pods?.target.averageValue ?? ''}`;
    case 'Resource':
      return `${spec.resource?.name ?? ''}: ${usage(spec.resource?.target, status?.resource?.current)}`;
    case 'ContainerResource':
      return `${spec.containerResource?.name ?? ''}: ${usage(spec.containerResource?.target, status?.containerResource?.current)}`;
    default:
      return '<unknown type>';
  }
}

function wholeOrAverage(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue === undefined) return `${quantity(current, 'value')}/${target?.value ?? ''}`;
  return `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`;
}
/** The server prints zero where a status is there and the value is not. */
function quantity(current: MetricValueStatus | undefined, field: 'value' | 'averageValue'): string {
  return current === undefined ? UNKNOWN : (current[field] ?? '0');
}
function usage(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${quantity(current, 'averageValue')}/${target.averageValue}`;
  return `${percent(current?.averageUtilization, UNKNOWN)}/${percent(target?.averageUtilization, '<auto>')}`;
}
function percent(value: number | undefined, otherwise: string): string {
  return value === undefined ? otherwise : `${value}%`;
}
