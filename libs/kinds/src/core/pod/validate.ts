import { forbidden } from '#meta';
import type { Problem } from '#model';
import type { Pod } from '#pod';
import { podAnnotationProblems, profileProblems } from '../../pod-template/validation/annotations.js';
import { items, type Problems } from '../../validation/checks.js';
import { imageSpace } from '../../pod-template/validation/containers.js';
import { validatePodSpec } from '../../pod-template/validation/pod-spec.js';

/** What must hold of a new pod. */
export function validatePod(object: Pod): Problems {
  const { metadata, spec } = object;
  return [...podProblems(object), ...onCreate(spec), ...profileProblems('spec', metadata.annotations, spec)];
}

/** What must hold of every pod, and not of a template. */
export function podProblems({ metadata, spec }: Pod, old?: Pod): Problems {
  return [
    ...podAnnotationProblems('metadata.annotations', metadata.annotations, spec),
    ...validatePodSpec('spec', spec, { pod: metadata, old: old?.spec }),
    ...accountProblems(spec),
    ...(['containers', 'initContainers'] as const).flatMap((list) =>
      items(spec[list]).flatMap(({ image }, i) => imageSpace(`spec.${list}[${i}].image`, image)),
    ),
  ];
}

function accountProblems(spec: Pod['spec']): Problems {
  if (spec.serviceAccountName) return [];
  return items(spec.volumes).flatMap((volume, i) =>
    items(volume.projected?.sources).flatMap((source, j) =>
      source.serviceAccountToken
        ? [
            forbidden(
              `spec.volumes[${i}].projected.sources[${j}].serviceAccountToken`,
              'must not be specified when serviceAccountName is not set',
            ),
          ]
        : [],
    ),
  );
}

function onCreate(spec: Pod['spec']): Problems {
  const found: Problem[] = [];
  if (items(spec.ephemeralContainers).length > 0)
    found.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'));
  if (items(spec.schedulingGates).length > 0 && spec.nodeName) {
    found.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  }
  return found;
}
