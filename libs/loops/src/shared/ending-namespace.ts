import { namespaces } from '#kinds';
import type { KubeObject, View } from '#model';

/** Whether the namespace of an object is being emptied: every creation in it would be refused. */
export function isInEndingNamespace(view: View, { metadata }: Pick<KubeObject, 'metadata'>): boolean {
  return view.get(namespaces, undefined, metadata.namespace ?? '')?.metadata.deletionTimestamp !== undefined;
}
