import { forbidden, invalid, required } from '#meta';
import type { Problem } from '#model';
import { items, type Problems } from '../../shared/validation/checks.js';
import { validatePodSpec } from '../../shared/validation/pod-spec.js';
import type { Pod } from './schema.js';

/** What must hold of a new pod. */
export function validatePod(object: Pod): Problems {
  const { spec } = object;
  return [...podProblems(object), ...onCreate(spec)];
}

/** What must hold of every pod, and not of a template. */
export function podProblems(object: Pod): Problems {
  const { spec } = object;
  return [
    ...mirrorProblems(object),
    ...validatePodSpec('spec', spec),
    ...accountProblems(spec),
    ...imageProblems(spec),
    ...imageVolumeProblems(spec),
  ];
}

/** The mirror of a static pod is on that pod's node. */
function mirrorProblems({ metadata, spec }: Pod): Problems {
  const value = metadata.annotations?.['kubernetes.io/config.mirror'];
  if (value === undefined || spec.nodeName) return [];
  const field = 'metadata.annotations[kubernetes.io/config.mirror]';
  return [invalid(field, value, 'must set spec.nodeName if mirror pod annotation is set')];
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

function imageProblems(spec: Pod['spec']): Problems {
  const found: Problem[] = [];
  for (const name of ['containers', 'initContainers'] as const) {
    items(spec[name]).forEach(({ image = '' }, i) => {
      const field = `spec.${name}[${i}].image`;
      if (image !== '' && image !== image.trim())
        found.push(invalid(field, image, 'must not have leading or trailing whitespace'));
    });
  }
  return found;
}

function imageVolumeProblems(spec: Pod['spec']): Problems {
  return items(spec.volumes).flatMap((volume, i) =>
    volume.image && !volume.image.reference ? [required(`spec.volumes[${i}].image.reference`)] : [],
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
