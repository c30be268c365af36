import { kindRef, type ObjectIndex } from '#model';
import type { PriorityClass } from './schema.js';

export * from './schema.js';
export const priorityClasses = kindRef<PriorityClass>('scheduling.k8s.io.priorityclasses');
/** Classes that every cluster has, with their values. */
export const SYSTEM_PRIORITY_CLASSES: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
]);
export const defaultPriorityClasses: ObjectIndex<PriorityClass> = {
  name: 'priority classes that are the default',
  kind: priorityClasses,
  values: ({ globalDefault }) => (globalDefault === true ? [''] : []),
};
