import { f, object, string, objectMeta, deleteOptions } from '#model';
import type { Stored } from '#model';

export const eviction = object(
  'io.k8s.api.policy.v1.Eviction',
  'Asks for a pod to go, if no disruption budget forbids it.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    deleteOptions: f(deleteOptions, 2, 'How the pod is to be deleted.'),
  },
  { gvk: ['policy/v1 Eviction'] },
);
export type Eviction = Stored<typeof eviction>;
