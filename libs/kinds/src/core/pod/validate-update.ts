import { forbidden, invalid, required } from '#meta';
import type { Problem } from '#model';
import type { Container, PodSpec, Toleration, Pod } from '#pod';
import { jsonEquals, withoutField } from '#std';
import { goPodSpec, goText } from '../../pod-template/go-form.js';
import { unifiedDiff } from '../../pod-template/text-diff.js';
import { inRange, items, type Problems } from '../../validation/checks.js';
import { podProblems } from './validate.js';

const WORDS =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** A pod is what it was made as; only few things of it may change. */
export function validatePodUpdate(object: Pod, old: Pod): Problems {
  const found: Problem[] = [...podProblems(object, old)];
  for (const name of ['containers', 'initContainers'] as const) {
    if (items(object.spec[name]).length !== items(old.spec[name]).length) {
      return [...found, forbidden(`spec.${name}`, 'pod updates may not add or remove containers')];
    }
    found.push(...imageProblems(`spec.${name}`, items(object.spec[name])));
  }
  const deadline = deadlineProblems(object.spec, old.spec);
  if (deadline.length > 0) return [...found, ...deadline];
  found.push(...tolerationProblems(object.spec.tolerations, old.spec.tolerations));
  found.push(...gateProblems(object.spec, old.spec));
  return [...found, ...restProblems(object.spec, old.spec)];
}

function imageProblems(field: string, containers: readonly Container[]): Problems {
  return containers.flatMap(({ image = '' }, i) => (image === '' ? [required(`${field}[${i}].image`)] : []));
}

function deadlineProblems(
  { activeDeadlineSeconds: now }: PodSpec,
  { activeDeadlineSeconds: before }: PodSpec,
): Problems {
  const field = 'spec.activeDeadlineSeconds';
  if (now === undefined) {
    return before === undefined ? [] : [invalid(field, null, 'must not update from a positive integer to nil value')];
  }
  const outside = inRange(field, now, 0, 2 ** 31 - 1);
  if (outside.length > 0 || before === undefined || now <= before) return outside;
  return [invalid(field, now, 'must be less than or equal to previous value')];
}

function tolerationProblems(
  now: readonly Toleration[] | undefined,
  before: readonly Toleration[] | undefined,
): Problems {
  const plain = (toleration: Toleration): Toleration => withoutField(toleration, 'tolerationSeconds');
  const isKept = items(before).every((old) => items(now).some((given) => jsonEquals(plain(given), plain(old))));
  if (isKept) return [];
  return [forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')];
}

function gateProblems({ schedulingGates: now }: PodSpec, { schedulingGates: before }: PodSpec): Problems {
  const known = new Set(items(before).map(({ name }) => name));
  return items(now).flatMap(({ name }, i) =>
    known.has(name)
      ? []
      : [
          forbidden(
            `spec.schedulingGates[${i}].name`,
            `only deletion is allowed, but found new scheduling gate '${name}'`,
          ),
        ],
  );
}

/** All that may change put back: what differs then was not allowed to. */
function restProblems(spec: PodSpec, old: PodSpec): Problems {
  let munged: PodSpec = {
    ...spec,
    containers: withImagesOf(spec.containers, old.containers),
    ...(spec.initContainers && { initContainers: withImagesOf(spec.initContainers, items(old.initContainers)) }),
  };
  for (const name of ['activeDeadlineSeconds', 'tolerations', 'schedulingGates'] as const)
    munged = withOld(munged, old, name);
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    munged = withOld(munged, old, 'terminationGracePeriodSeconds');
  }
  const found: Problem[] = [];
  if (items(old.schedulingGates).length > 0) {
    found.push(...nodeSelectorProblems(munged, old));
    munged = withOld(munged, old, 'nodeSelector');
    if (mayAddAffinity(munged, old)) munged = withOld(munged, old, 'affinity');
  }
  if (jsonEquals(munged, old)) return found;
  const difference = unifiedDiff(goText(goPodSpec(old)), goText(goPodSpec(munged)));
  return [...found, forbidden('spec', `${WORDS}\n${difference}`)];
}

function withImagesOf(containers: readonly Container[], old: readonly Container[]): readonly Container[] {
  return containers.map((container, i) => {
    const image = old[i]?.image;
    return image === undefined ? container : { ...container, image };
  });
}
function withOld<K extends keyof PodSpec>(spec: PodSpec, old: PodSpec, name: K): PodSpec {
  return old[name] === undefined ? withoutField(spec, name) : { ...spec, [name]: old[name] };
}

/** A pod that waits at its gates may be held to more nodes' labels, never to others. */
function nodeSelectorProblems({ nodeSelector: now = {} }: PodSpec, { nodeSelector: before = {} }: PodSpec): Problems {
  const isKept = Object.entries(before).every(([key, value]) => now[key] === value);
  if (isKept) return [];
  return [
    invalid('spec.nodeSelector', now, 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'),
  ];
}

/** At the gates the required node affinity may become narrower: terms get more expressions, none goes. */
function mayAddAffinity({ affinity: now }: PodSpec, { affinity: before }: PodSpec): boolean {
  const rest = (affinity: PodSpec['affinity']) => ({ pod: affinity?.podAffinity, anti: affinity?.podAntiAffinity });
  if (!jsonEquals(rest(now), rest(before))) return false;
  const terms = (affinity: PodSpec['affinity']) =>
    items(affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms);
  const [after, earlier] = [terms(now), terms(before)];
  if (earlier.length === 0) return true;
  return (
    after.length === earlier.length &&
    earlier.every((term, i) =>
      (['matchExpressions', 'matchFields'] as const).every((list) =>
        items(term[list]).every((expression, j) => jsonEquals(items(after[i]?.[list])[j], expression)),
      ),
    )
  );
}
