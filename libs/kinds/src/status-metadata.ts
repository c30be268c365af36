import type { KubeObject } from '#model';

/** Metadata of a write to `/status` of a kind where it changes nothing of them but who owns the status. */
export function ownersOnly<T extends KubeObject>(written: T, old: T): T['metadata'] {
  const { managedFields: _before, ...metadata } = old.metadata;
  const { managedFields } = written.metadata;
  return managedFields ? { ...metadata, managedFields } : metadata;
}
