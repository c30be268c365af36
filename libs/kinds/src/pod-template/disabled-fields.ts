import { withoutField } from '#std';
import type { Container, PodSpec, PodTemplateSpec, Volume } from '#pod';

/**
 * Fields of features that Kubernetes 1.35 has and does not switch on: they are read and then dropped, so that nobody
 * believes they have an effect.
 */
export function withoutDisabledFields(spec: PodSpec): PodSpec {
  const kept = spec.workloadRef === undefined ? spec : withoutField(spec, 'workloadRef');
  const containers = each(kept.containers, withoutSignal);
  const initContainers = each(kept.initContainers, withoutSignal);
  const ephemeralContainers = each(kept.ephemeralContainers, withoutSignal);
  const volumes = each(kept.volumes, withoutProjections);
  return {
    ...kept,
    ...(containers && { containers }),
    ...(initContainers && { initContainers }),
    ...(ephemeralContainers && { ephemeralContainers }),
    ...(volumes && { volumes }),
  };
}

export function templateWithoutDisabledFields(template: PodTemplateSpec): PodTemplateSpec {
  return template.spec ? { ...template, spec: withoutDisabledFields(template.spec) } : template;
}

function each<T>(list: readonly T[] | undefined | null, change: (item: T) => T): readonly T[] | undefined {
  return list ? list.map(change) : undefined;
}

function withoutSignal<C extends Pick<Container, 'lifecycle'>>(container: C): C {
  if (container.lifecycle?.stopSignal === undefined) return container;
  const lifecycle = withoutField(container.lifecycle, 'stopSignal');
  return Object.keys(lifecycle).length === 0 ? withoutField(container, 'lifecycle') : { ...container, lifecycle };
}

function withoutProjections(volume: Volume): Volume {
  if (!volume.projected?.sources) return volume;
  const sources = volume.projected.sources.map((s) =>
    withoutField(withoutField(s, 'clusterTrustBundle'), 'podCertificate'),
  );
  return { ...volume, projected: { ...volume.projected, sources } };
}
