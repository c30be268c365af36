import { qualifiedName } from '#meta';
import type { Problem } from '#model';
import type { Namespace } from './schema.js';

export function validateNamespace(object: Namespace): readonly Problem[] {
  return finalizerProblems(object.spec.finalizers ?? [], (_index) => 'spec.finalizers');
}

export function validateNamespaceStatus(object: Namespace): readonly Problem[] {
  const phase = object.status?.phase ?? '';
  const isGoing = object.metadata.deletionTimestamp !== undefined;
  const wanted = isGoing ? 'Terminating' : 'Active';
  if (phase === wanted) return [];
  const detail = isGoing
    ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
    : "may only be 'Active' if `deletionTimestamp` is empty";
  return [{ type: 'Invalid', field: 'status.Phase', value: phase, detail }];
}

export function validateNamespaceFinalize(object: Namespace): readonly Problem[] {
  return finalizerProblems(object.spec.finalizers ?? [], (index) => `spec.finalizers[${index}]`);
}

function finalizerProblems(names: readonly string[], fieldOf: (index: number) => string): readonly Problem[] {
  return names.flatMap((value, index) => {
    const field = fieldOf(index);
    const problems: Problem[] = qualifiedName(value).map((detail) => ({ type: 'Invalid', field, value, detail }));
    if (!value.includes('/') && !['kubernetes', 'orphan', 'foregroundDeletion'].includes(value)) {
      const detail = 'name is neither a standard finalizer name nor is it fully qualified';
      problems.push({ type: 'Invalid', field, value, detail });
    }
    return problems;
  });
}
