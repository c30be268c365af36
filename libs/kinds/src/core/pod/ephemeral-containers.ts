import { forbidden } from '#meta';
import { type Decided, decideVerb, type KubeObject, type Request } from '#model';
import type { Pod } from '#pod';
import { jsonEquals, withoutField } from '#std';
import { goForm, goText } from '../../pod-template/go-form.js';
import { unifiedDiff } from '../../pod-template/text-diff.js';
import { items, type Problems } from '../../validation/checks.js';
import { podProblems } from './validate.js';

/** Writes to `/ephemeralcontainers`: more of them, for looking into a pod that runs. */
export function decideEphemeralContainers(request: Request): Decided {
  return decideVerb({
    ...request,
    rules: {
      prepare: (object, old) => prepare(object as Pod, old as Pod) as KubeObject,
      validate: (object, old) => validate(object as Pod, old as Pod),
    },
  });
}

function prepare(object: Pod, old: Pod): Pod {
  const { ephemeralContainers } = object.spec;
  const spec = ephemeralContainers
    ? { ...old.spec, ephemeralContainers }
    : withoutField(old.spec, 'ephemeralContainers');
  const { managedFields } = object.metadata;
  return { ...old, spec, metadata: { ...old.metadata, ...(managedFields && { managedFields }) } };
}

function validate(object: Pod, old: Pod): Problems {
  if (old.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) {
    return [{ type: 'Forbidden', field: '[]', detail: 'static pods do not support ephemeral containers' }];
  }
  const field = 'spec.ephemeralContainers';
  const now = new Map(items(object.spec.ephemeralContainers).map((container) => [container.name, container]));
  const gone = items(old.spec.ephemeralContainers).flatMap((container) => {
    const given = now.get(container.name);
    if (!given) return [forbidden(field, `existing ephemeral containers "${container.name}" may not be removed\n`)];
    if (jsonEquals(given, container)) return [];
    const text = (of: typeof container): string => goText(goForm('EphemeralContainer', of));
    const words = `existing ephemeral containers "${container.name}" may not be changed`;
    return [forbidden(field, `${words}\n${unifiedDiff(text(container), text(given))}`)];
  });
  return [...podProblems(object, old), ...gone];
}
