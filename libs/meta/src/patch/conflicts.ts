import { pathsOf } from './field-set.js';
import type { ManagedSet } from './managed-fields.js';
import { pathText } from './path-element.js';

/** What an apply without force ran into, as the 409 says it. */
export interface ApplyConflict {
  readonly code: 409;
  readonly reason: 'Conflict';
  readonly message: string;
  readonly details: { readonly causes: readonly ConflictCause[] };
}
export interface ConflictCause {
  readonly reason: 'FieldManagerConflict';
  readonly message: string;
  readonly field: string;
}

export function conflictProblem(conflicts: ReadonlyMap<string, ManagedSet>): ApplyConflict {
  const managers = [...conflicts.keys()].sort().flatMap((identifier) => {
    const entry = conflicts.get(identifier);
    return entry === undefined ? [] : [{ name: managerText(entry), paths: pathsOf(entry.set).map(pathText) }];
  });
  const causes = managers.flatMap(({ name, paths }) =>
    paths.map((field): ConflictCause => ({ reason: 'FieldManagerConflict', message: `conflict with ${name}`, field })),
  );
  const [only] = causes;
  let message = `Apply failed with 1 conflict: ${only?.message ?? ''}: ${only?.field ?? ''}`;
  if (causes.length !== 1) {
    const lines = managers.flatMap(({ name, paths }) => [
      `conflicts with ${name}:`,
      ...paths.map((path) => `- ${path}`),
    ]);
    message = `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`;
  }
  return { code: 409, reason: 'Conflict', message, details: { causes } };
}

/** `"x" with subresource "status" using v1`: appliers are named without their version. */
function managerText({ manager, operation, apiVersion, subresource }: ManagedSet): string {
  const quoted = JSON.stringify(manager);
  const name = subresource === '' ? quoted : `${quoted} with subresource ${JSON.stringify(subresource)}`;
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}
