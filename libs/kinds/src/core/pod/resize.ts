import { forbidden, invalid } from '#meta';
import { type Decided, decideVerb, type KubeObject, type Problem, type Request } from '#model';
import type { Container, Pod } from '#pod';
import { qosClass } from '#pod';
import { jsonEquals, withoutField } from '#std';
import { changed } from '../../pod-template/pod-defaults.js';
import { items, type Problems } from '../../validation/checks.js';
import { podProblems } from './validate.js';

/** Writes to `/resize`: the amounts of running containers, and nothing else of the pod. */
export function decideResize(request: Request): Decided {
  return decideVerb({
    ...request,
    rules: {
      prepare: (object, old) => prepare(object as Pod, old as Pod) as KubeObject,
      validate: (object, old) => validateResize(object as Pod, old as Pod),
    },
  });
}

/** Everything but resources and resize policies is put back silently. */
function prepare(object: Pod, old: Pod): Pod {
  const spec = {
    ...old.spec,
    containers: resized(object.spec.containers, old.spec.containers),
    ...(old.spec.initContainers && {
      initContainers: resized(items(object.spec.initContainers), old.spec.initContainers),
    }),
  };
  return {
    ...old,
    spec,
    metadata: {
      ...old.metadata,
      ...(object.metadata.managedFields && { managedFields: object.metadata.managedFields }),
    },
  };
}
function resized(now: readonly Container[], old: readonly Container[]): readonly Container[] {
  // A container too many or too few is for the checks to tell.
  if (now.length !== old.length || now.some((container, i) => container.name !== old[i]?.name)) return now;
  return old.map((container, i) => {
    const { resources = {}, resizePolicy } = now[i] ?? container;
    const kept = changed(container, { resources });
    return resizePolicy ? changed(kept, { resizePolicy }) : withoutField(kept, 'resizePolicy');
  });
}

function validateResize(object: Pod, old: Pod): Problems {
  const whole = wholeProblems(object, old);
  if (whole.length > 0) return whole;
  const names = (pod: Pod): readonly string[] => items(pod.spec.containers).map((c) => c.name);
  if (!jsonEquals(names(object), names(old)))
    return [forbidden('spec.containers', 'containers may not be added or removed on resize')];
  const found: Problem[] = [...podProblems(object, old)];
  if (qosClass(object) !== qosClass(old)) {
    found.push(invalid('spec', qosClass(old), 'Pod QOS Class may not change as a result of resizing'));
  }
  found.push(...removals('spec.containers', object.spec.containers, old.spec.containers));
  if (found.length > 0) return found;
  return mutableOnly(object, old);
}

/** What is wrong with the pod as such is told of no field. */
const NOWHERE = '[]';

function wholeProblems(object: Pod, old: Pod): Problems {
  if (old.spec.os?.name === 'windows')
    return [{ type: 'Forbidden', field: NOWHERE, detail: 'windows pods cannot be resized' }];
  if (old.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) {
    return [{ type: 'Forbidden', field: NOWHERE, detail: 'static pods cannot be resized' }];
  }
  const ofPod = old.spec.resources ?? object.spec.resources;
  if (ofPod && !jsonEquals(object.spec, old.spec)) {
    const words =
      'resize of pods with pod-level resources is forbidden when InPlacePodLevelResourcesVerticalScalingEnabled feature gate is disabled';
    return [{ type: 'Forbidden', field: NOWHERE, detail: words }];
  }
  return [];
}

function removals(field: string, now: readonly Container[], old: readonly Container[]): Problems {
  return old.flatMap((container, i) =>
    (['limits', 'requests'] as const).flatMap((list) => {
      const before = container.resources?.[list] ?? {};
      const after = now[i]?.resources?.[list] ?? {};
      const isGone = ['cpu', 'memory'].some((name) => before[name] !== undefined && after[name] === undefined);
      return isGone ? [forbidden(`${field}[${i}].resources.${list}`, `resource ${list} cannot be removed`)] : [];
    }),
  );
}

function mutableOnly(object: Pod, old: Pod): Problems {
  const initNow = items(object.spec.initContainers);
  const initOld = items(old.spec.initContainers);
  const isFixed = initOld.some(
    (container, i) => container.restartPolicy !== 'Always' && !jsonEquals(container, initNow[i]),
  );
  if (isFixed) return [forbidden('spec', 'resources for non-sidecar init containers are immutable')];
  const bare = (container: Container): unknown => ({ ...container, resources: rest(container) });
  const same =
    jsonEquals(items(object.spec.containers).map(bare), items(old.spec.containers).map(bare)) &&
    jsonEquals(initNow.map(bare), initOld.map(bare));
  return same ? [] : [forbidden('spec', 'only cpu and memory resources are mutable')];
}
/** What of a container's resources may not change. */
function rest({ resources }: Container): unknown {
  const without = (amounts: Readonly<Record<string, string>> | undefined): unknown =>
    Object.fromEntries(Object.entries(amounts ?? {}).filter(([name]) => name !== 'cpu' && name !== 'memory'));
  return { claims: resources?.claims, limits: without(resources?.limits), requests: without(resources?.requests) };
}
