import { allContainersOf } from '#pod';
import type { Pod } from '#pod';
import { configMaps, secrets } from '#kinds';
import { streamOf, type KindRef } from '#model';

/** Whether the pod names an object of these streams in its volumes or environment. */
export function needsAny(pod: Pod, streams: readonly string[]): boolean {
  const own = needsOf(pod);
  return streams.some((stream) => own.has(stream));
}
function needsOf(pod: Pod): ReadonlySet<string> {
  const namespace = pod.metadata.namespace ?? '';
  const streams = new Set<string>();
  const need = (kind: KindRef, name: string | undefined): void =>
    void (name && streams.add(streamOf(kind.id, namespace, name)));
  for (const volume of pod.spec.volumes ?? []) {
    need(configMaps, volume.configMap?.name);
    need(secrets, volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      need(configMaps, source.configMap?.name);
      need(secrets, source.secret?.name);
    }
  }
  for (const container of allContainersOf(pod)) {
    for (const source of container.envFrom ?? []) {
      need(configMaps, source.configMapRef?.name);
      need(secrets, source.secretRef?.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      need(configMaps, valueFrom?.configMapKeyRef?.name);
      need(secrets, valueFrom?.secretKeyRef?.name);
    }
  }
  for (const { name } of pod.spec.imagePullSecrets ?? []) need(secrets, name);
  return streams;
}
