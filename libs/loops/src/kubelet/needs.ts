import { allContainersOf } from './pod.js';
import type { Pod } from './pod.js';

/** Whether the pod names any of these objects (`ConfigMap/default/cm`) in its volumes or environment. */
export function needsAny(pod: Pod, objects: readonly string[]): boolean {
  const own = needsOf(pod);
  return objects.some((object) => own.has(object));
}
function needsOf(pod: Pod): ReadonlySet<string> {
  const namespace = pod.metadata.namespace ?? '';
  const names = new Set<string>();
  const need = (kind: string, name: string | undefined): void =>
    void (name && names.add(`${kind}/${namespace}/${name}`));
  for (const volume of pod.spec.volumes ?? []) {
    need('ConfigMap', volume.configMap?.name);
    need('Secret', volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      need('ConfigMap', source.configMap?.name);
      need('Secret', source.secret?.name);
    }
  }
  for (const container of allContainersOf(pod)) {
    for (const source of container.envFrom ?? []) {
      need('ConfigMap', source.configMapRef?.name);
      need('Secret', source.secretRef?.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      need('ConfigMap', valueFrom?.configMapKeyRef?.name);
      need('Secret', valueFrom?.secretKeyRef?.name);
    }
  }
  for (const { name } of pod.spec.imagePullSecrets ?? []) need('Secret', name);
  return names;
}
