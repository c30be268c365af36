import { refusals, type Admitted, type Refusal } from '#model';
import type { Pod } from '#pod';

/** Whether a write is of a pod itself, not of one of its subresources. */
export function isPlainPod(request: Admitted): boolean {
  return request.kind.id === 'core.pods' && request.subresource === undefined;
}

/** 403 for a pod, by the name that its client knows: one that was made of `generateName` is named by that. */
export function forbidPod(pod: Pod, why: string): Refusal {
  const name = pod.metadata.generateName || (pod.metadata.name ?? '');
  return refusals.forbidden({ group: '', resource: 'pods', kind: 'Pod', name }, why);
}
