import type { Admitted } from '#model';

/** Whether a write is of a pod itself, not of one of its subresources. */
export function isPlainPod(request: Admitted): boolean {
  return request.kind.id === 'core.pods' && request.subresource === undefined;
}
