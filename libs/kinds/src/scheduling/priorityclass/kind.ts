import { refusals, standardKind, type Refusal } from '#model';
import { priorityClassColumns } from './columns.js';
import { defaultPriorityClasses, SYSTEM_PRIORITY_CLASSES } from './index.js';
import { priorityClass, type PriorityClass } from './schema.js';
import { validatePriorityClass, validatePriorityClassUpdate } from './validate.js';

/** A name for a priority of pods. Its value never changes. */
export const priorityClassKind = standardKind<PriorityClass>({
  names: {
    group: 'scheduling.k8s.io',
    version: 'v1',
    kind: 'PriorityClass',
    plural: 'priorityclasses',
    shortNames: ['pc'],
    namespaced: false,
  },
  schema: priorityClass,
  columns: priorityClassColumns,
  indexes: [defaultPriorityClasses],
  strategy: {
    generation: 'managed',
    generationGrows: () => false,
    validate: validatePriorityClass,
    validateUpdate: validatePriorityClassUpdate,
    decideDelete: ({ metadata: { name } }): Refusal | undefined =>
      SYSTEM_PRIORITY_CLASSES.has(name)
        ? refusals.forbidden(
            { group: 'scheduling.k8s.io', resource: 'priorityclasses', kind: 'PriorityClass', name },
            'this is a system priority class and cannot be deleted',
          )
        : undefined,
  },
});
