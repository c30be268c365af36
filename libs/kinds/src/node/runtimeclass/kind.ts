import { standardKind } from '#model';
import { ageColumn, column, nameColumn } from '../../columns.js';
import { oldLabel } from '../../pod-template/validation/old-labels.js';
import { runtimeClass, type RuntimeClass } from './schema.js';
import { runtimeClassProblems, runtimeClassUpdateProblems } from './validate.js';

/** A name for a runtime of the nodes, with what its pods cost and where they may run. */
export const runtimeClassKind = standardKind<RuntimeClass>({
  names: { group: 'node.k8s.io', version: 'v1', kind: 'RuntimeClass', plural: 'runtimeclasses', namespaced: false },
  schema: runtimeClass,
  columns: [
    nameColumn,
    column<RuntimeClass>('Handler', 'Name of the runtime in the configuration of the nodes', ({ handler }) => handler),
    ageColumn,
  ],
  strategy: {
    putCreates: true,
    unconditionalUpdate: false,
    revalidatesMetadata: true,
    validate: runtimeClassProblems,
    validateUpdate: runtimeClassUpdateProblems,
    warnings: deprecatedLabels,
  },
});

function deprecatedLabels({ scheduling }: RuntimeClass): readonly string[] {
  return Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
    const old = oldLabel(key);
    return old === undefined ? [] : [`scheduling.nodeSelector: ${old}`];
  });
}
