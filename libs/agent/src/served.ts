import { endpointSlices } from '#kinds';
import type { kubelet } from '#loops';
import type { Pod } from '#pod';

interface SlicedEndpoint {
  readonly targetRef?: { readonly uid?: string };
  readonly conditions?: { readonly ready?: boolean; readonly terminating?: boolean };
}

/** Whether services lead to the pod, as this node was told last; undefined when it is an endpoint of none. */
export function servedState(objects: kubelet.Objects, { metadata }: Pod): kubelet.Served | undefined {
  let served: kubelet.Served | undefined;
  for (const slice of objects.list(endpointSlices, metadata.namespace ?? '')) {
    const { endpoints } = slice as { readonly endpoints?: readonly SlicedEndpoint[] | null };
    for (const { targetRef, conditions } of endpoints ?? []) {
      if (targetRef?.uid !== metadata.uid) continue;
      if (conditions?.ready !== false && conditions?.terminating !== true) return 'leads';
      served = 'left';
    }
  }
  return served;
}
