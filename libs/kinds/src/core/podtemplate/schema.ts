import { f, object, string, objectMeta } from '#model';
import type { Stored } from '#model';
import { podTemplateSpec } from '#pod';

export const podTemplate = object(
  'io.k8s.api.core.v1.PodTemplate',
  'A pod to make copies of.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    template: f(podTemplateSpec, 2, 'What pods are made like.', { always: {} }),
  },
  { gvk: ['v1 PodTemplate'] },
);
export type PodTemplate = Stored<typeof podTemplate>;
