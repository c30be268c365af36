import { addQuantities, quantityOf, quantityText, type Quantity } from '#meta';
import { duration, f, map, quantity, string, time, objectMeta, type Column, type KubeObject } from '#model';
import { goDuration, isJsonObject, toTime, type JsonObject } from '#std';
import { column } from '../columns.js';

/** The group version of measurements. It is optional: an APIService without a service enables it. */
export const METRICS = { group: 'metrics.k8s.io', version: 'v1beta1' } as const;
export const METRICS_TYPES = 'io.k8s.metrics.pkg.apis.metrics.v1beta1';
const NANOS_PER_MS = 1_000_000n;
const NANO = 1_000_000_000n;

export const usageType = map(quantity);
/** Amounts by resource: `cpu` in cores, `memory` in bytes. */
export interface Usage {
  readonly cpu: string;
  readonly memory: string;
}
/** Fields that a measurement of anything has. */
export const measuredFields = {
  kind: f(string, 0, 'Which kind of object this is.'),
  apiVersion: f(string, 0, "Group and version of this object's schema."),
  metadata: f(objectMeta, 1, 'Name and labels of what is measured.', { always: {} }),
  timestamp: f(time, 2, 'End of the interval of the measurement.', { always: null }),
  window: f(duration, 3, 'Length of the interval.', { always: '0s' }),
};

/** The object of a measurement, but for what is measured: the name and labels are those of the measured object. */
export function measured(
  kind: string,
  of: KubeObject,
  { at, windowMs }: { readonly at: number; readonly windowMs: number },
): KubeObject & { readonly timestamp: string; readonly window: string } {
  const { namespace, name, labels } = of.metadata;
  return {
    apiVersion: `${METRICS.group}/${METRICS.version}`,
    kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      creationTimestamp: toTime(at),
      ...(labels && Object.keys(labels).length > 0 && { labels }),
    } as KubeObject['metadata'],
    timestamp: toTime(at),
    window: goDuration(BigInt(windowMs) * NANOS_PER_MS),
  };
}

/** The amounts of a figure; undefined for what is none. */
export function usageOf(figure: unknown): Usage | undefined {
  if (!isJsonObject(figure)) return undefined;
  const { cpuNanoCores, memoryBytes } = figure;
  if (!isAmount(cpuNanoCores) || !isAmount(memoryBytes)) return undefined;
  return {
    cpu: quantityText({ nanos: BigInt(Math.round(cpuNanoCores)), format: 'decimal' }),
    memory: quantityText({ nanos: BigInt(Math.round(memoryBytes)) * NANO, format: 'binary' }),
  };
}

/** When a figure was taken, and the length of its interval; undefined where it does not say so. */
export function intervalOf(
  figure: JsonObject,
): { readonly uid: unknown; readonly at: number; readonly windowMs: number } | undefined {
  const { at, windowMs, uid } = figure;
  if (!isAmount(at) || !isAmount(windowMs)) return undefined;
  return { uid, at: Math.round(at), windowMs: Math.round(windowMs) };
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

/** Columns of a table of measurements, of which `usages` gives what is added up. */
export function usageColumns(usages: (object: KubeObject) => readonly Usage[]): readonly Column[] {
  const sum = (object: KubeObject, of: keyof Usage): string =>
    quantityText(
      usages(object).reduce<Quantity>((all, one) => addQuantities(all, quantityOf(one[of])), quantityOf('0')),
    );
  return [
    column('Name', 'Name of the resource', ({ metadata }) => metadata.name, { format: 'name' }),
    column('cpu', '', (object) => sum(object, 'cpu'), { format: 'quantity' }),
    column('memory', '', (object) => sum(object, 'memory'), { format: 'quantity' }),
    column('Window', '', (object) => String(object['window'] ?? ''), { format: 'duration' }),
  ];
}
