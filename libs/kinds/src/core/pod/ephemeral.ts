import { updateSubresource, type Decided, type KubeObject, type Problem, type Request } from '#model';
import { jsonEquals } from '#std';
import { podSpec } from '../../shared/pod-spec.schema.js';
import type { Pod } from './schema.js';
import { podProblems } from './validate.js';

/** Fields of a pod that a subresource does not change cannot be owned through it either. */
export function allBut(...kept: readonly string[]): readonly (readonly string[])[] {
  const ofMeta = ['labels', 'annotations', 'finalizers', 'ownerReferences'].map((field) => ['metadata', field]);
  const ofSpec = Object.keys(podSpec.fields).filter((field) => !kept.includes(field));
  return [['status'], ...ofMeta, ...ofSpec.map((field) => ['spec', field])];
}

/** PUT and PATCH of `/ephemeralcontainers`: adds containers for debugging; what is there stays as it is. */
export function decideEphemeralContainers(request: Request): Decided {
  return updateSubresource(request, { prepare, validate: (object, old) => validate(object as Pod, old as Pod) });
}

function prepare(object: KubeObject, old: KubeObject): KubeObject {
  const { ephemeralContainers } = (object as Pod).spec;
  const { ephemeralContainers: _before, ...spec } = (old as Pod).spec;
  return withManagers({ ...old, spec: ephemeralContainers ? { ...spec, ephemeralContainers } : spec }, object);
}
/** Metadata as it was, but for who owns what. */
export function withManagers(kept: KubeObject, written: KubeObject): KubeObject {
  const { managedFields } = written.metadata;
  return { ...kept, metadata: { ...kept.metadata, ...(managedFields && { managedFields }) } };
}

function validate(object: Pod, old: Pod): readonly Problem[] {
  const problems: Problem[] = [...podProblems(object)];
  if (old.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) {
    return [...problems, { type: 'Forbidden', field: '[]', detail: 'static pods do not support ephemeral containers' }];
  }
  const field = 'spec.ephemeralContainers';
  const after = new Map((object.spec.ephemeralContainers ?? []).map((container) => [container.name, container]));
  for (const container of old.spec.ephemeralContainers ?? []) {
    const kept = after.get(container.name);
    if (kept === undefined) {
      problems.push({ type: 'Forbidden', field, detail: `existing ephemeral containers "${container.name}" may not be removed\n` });
    } else if (!jsonEquals(kept, container)) {
      problems.push({ type: 'Forbidden', field, detail: `existing ephemeral containers "${container.name}" may not be changed\n` });
    }
  }
  return problems;
}
