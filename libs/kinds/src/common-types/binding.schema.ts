import { f, object, req, string, objectMeta, objectReference } from '#model';
import type { Stored } from '#model';

export const binding = object(
  'io.k8s.api.core.v1.Binding',
  'Gives a pod to a node.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    target: req(objectReference, 2, 'The node.', { always: {} }),
  },
  { gvk: ['v1 Binding'] },
);
export type Binding = Stored<typeof binding>;
