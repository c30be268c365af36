import { podSpec } from '../../shared/pod-spec.schema.js';

/** Fields that a subresource does not change cannot be owned through it either: all of the spec but these. */
function allBut(...kept: readonly string[]): readonly (readonly string[])[] {
  const ofMeta = ['labels', 'annotations', 'finalizers', 'ownerReferences'].map((field) => ['metadata', field]);
  const ofSpec = Object.keys(podSpec.fields).filter((field) => !kept.includes(field));
  return [...ofMeta, ...ofSpec.map((field) => ['spec', field])];
}

/** What of a pod nobody can own by a write of the pod itself or of one of its subresources. */
export const unownedOfPod: Readonly<Record<string, readonly (readonly string[])[]>> = {
  '': [['status']],
  status: [['spec'], ['metadata', 'ownerReferences']],
  ephemeralcontainers: allBut('ephemeralContainers'),
  resize: allBut('containers', 'initContainers', 'resources'),
};
