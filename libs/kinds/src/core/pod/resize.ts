import { updateSubresource, type Decided, type KubeObject, type Problem, type Request } from '#model';
import { jsonEquals } from '#std';
import type { Container } from '../../shared/container.schema.js';
import { withManagers } from './ephemeral.js';
import { qosClass } from './qos.js';
import type { Pod } from './schema.js';
import { podProblems } from './validate.js';

/** PUT and PATCH of `/resize`: cpu and memory of running containers, nothing else. */
export function decideResize(request: Request): Decided {
  return updateSubresource(request, { prepare, validate: (object, old) => validate(object as Pod, old as Pod) });
}

function prepare(object: KubeObject, old: KubeObject): KubeObject {
  const [pod, before] = [object as Pod, old as Pod];
  const containers = resized(pod.spec.containers, before.spec.containers) ?? before.spec.containers;
  const initContainers = resized(pod.spec.initContainers, before.spec.initContainers);
  const spec = { ...before.spec, containers, ...(initContainers && { initContainers }) };
  return withManagers({ ...before, spec }, object);
}
/** Of each container that is still in its place only resources and their policy are taken over. */
function resized(next: readonly Container[] | undefined, before: readonly Container[] | undefined): readonly Container[] | undefined {
  if (next === undefined || next.length !== before?.length) return next;
  return next.map((container, i) => {
    const old = before[i];
    if (old === undefined || old.name !== container.name) return container;
    const { resources, resizePolicy } = container;
    const { resources: _resources, resizePolicy: _policy, ...rest } = old;
    return { ...rest, ...(resources && { resources }), ...(resizePolicy && { resizePolicy }) } as Container;
  });
}

function validate(object: Pod, old: Pod): readonly Problem[] {
  const only = unresizable(old);
  if (only !== undefined) return [{ type: 'Forbidden', field: '[]', detail: only }];
  const problems: Problem[] = [...podProblems(object)];
  if (problems.length > 0) return problems;
  const isSame = (a: readonly Container[] = [], b: readonly Container[] = []): boolean => a.length === b.length;
  if (!isSame(object.spec.containers, old.spec.containers) || !isSame(object.spec.initContainers, old.spec.initContainers)) {
    return [{ type: 'Forbidden', field: 'spec.containers', detail: 'containers may not be added or removed on resize' }];
  }
  if (qosClass(object) !== qosClass(old)) {
    const value = old.status?.qosClass ?? qosClass(old);
    problems.push({ type: 'Invalid', field: 'spec', value, detail: 'Pod QOS Class may not change as a result of resizing' });
  }
  if (!jsonEquals(initResources(object), initResources(old))) {
    problems.push({ type: 'Forbidden', field: 'spec', detail: 'resources for non-sidecar init containers are immutable' });
  }
  problems.push(...removedResources('spec.containers', object.spec.containers, old.spec.containers));
  problems.push(...removedResources('spec.initContainers', object.spec.initContainers ?? [], old.spec.initContainers ?? []));
  if (!jsonEquals(withoutCpuAndMemory(object), withoutCpuAndMemory(old))) {
    problems.push({ type: 'Forbidden', field: 'spec', detail: 'only cpu and memory resources are mutable' });
  }
  return problems;
}

function unresizable(old: Pod): string | undefined {
  if (old.spec.resources !== undefined) {
    return 'resize of pods with pod-level resources is forbidden when InPlacePodLevelResourcesVerticalScalingEnabled feature gate is disabled';
  }
  if (old.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) return 'static pods cannot be resized';
  return old.spec.os?.name === 'windows' ? 'windows pods cannot be resized' : undefined;
}
function initResources(pod: Pod): unknown {
  return (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy !== 'Always').map((c) => c.resources ?? {});
}
function removedResources(field: string, next: readonly Container[], before: readonly Container[]): readonly Problem[] {
  return next.flatMap((container, i) =>
    (['limits', 'requests'] as const).flatMap((part): readonly Problem[] => {
      const had = Object.keys(before[i]?.resources?.[part] ?? {}).filter((name) => name === 'cpu' || name === 'memory');
      if (had.every((name) => container.resources?.[part]?.[name] !== undefined)) return [];
      return [{ type: 'Forbidden', field: `${field}[${i}].resources.${part}`, detail: `resource ${part} cannot be removed` }];
    }),
  );
}
function withoutCpuAndMemory(pod: Pod): unknown {
  const strip = (container: Container): unknown => {
    const part = (list: Readonly<Record<string, string>> | undefined): unknown => {
      const { cpu: _cpu, memory: _memory, ...rest } = list ?? {};
      return rest;
    };
    const { limits, requests, ...rest } = container.resources ?? {};
    return { ...container, resources: { ...rest, limits: part(limits), requests: part(requests) } };
  };
  return { ...pod.spec, containers: pod.spec.containers.map(strip), initContainers: pod.spec.initContainers?.map(strip) };
}
