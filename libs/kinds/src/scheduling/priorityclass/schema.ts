import { boolean, f, int32, named, object, objectMeta, req, string } from '#model';
import type { Stored } from '#model';

export const priorityClass = object(
  'io.k8s.api.scheduling.v1.PriorityClass',
  'A name for a priority of pods.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    value: req(int32, 2, 'Priority of the pods of this class: higher ones are scheduled first.', { default: 0 }),
    globalDefault: f(boolean, 3, 'Whether it is the class of pods that name none.'),
    description: f(string, 4, 'When to use this class.'),
    preemptionPolicy: f(named('v1.PreemptionPolicy'), 5, 'PreemptLowerPriority (the default) or Never.', {
      ...{ pointer: true, fill: 'PreemptLowerPriority' },
    }),
  },
  { gvk: ['scheduling.k8s.io/v1 PriorityClass'] },
);
export type PriorityClass = Stored<typeof priorityClass>;
