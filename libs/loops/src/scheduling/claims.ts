import { kindRef, type KubeObject, type View } from '#model';
import type { Pod } from '#pod';

const claims = kindRef<KubeObject>('core.persistentvolumeclaims');
export const CLAIMS = claims.id;

/** What keeps a pod from every node because of the claims that it names; undefined when nothing does. */
export function missingClaim(view: View): (pod: Pod) => string | undefined {
  return (pod) => {
    for (const { persistentVolumeClaim } of pod.spec.volumes ?? []) {
      if (!persistentVolumeClaim) continue;
      const { claimName } = persistentVolumeClaim;
      const claim = view.get(claims, pod.metadata.namespace, claimName);
      if (!claim) return `persistentvolumeclaim "${claimName}" not found`;
      if (claim.metadata.deletionTimestamp !== undefined)
        return `persistentvolumeclaim "${claimName}" is being deleted`;
    }
    return undefined;
  };
}
