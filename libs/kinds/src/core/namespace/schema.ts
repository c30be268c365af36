import { f, type Infer, list, named, object, req, string, time, objectMeta } from '#model';
import type { Stored } from '#model';

export const namespaceSpec = object('io.k8s.api.core.v1.NamespaceSpec', 'What a namespace waits for before it goes.', {
  finalizers: f(list(named('v1.FinalizerName')), 1, 'Duties that must be done before the namespace is removed.', {
    listType: 'atomic',
  }),
});
export type NamespaceSpec = Infer<typeof namespaceSpec>;

export const namespaceCondition = object(
  'io.k8s.api.core.v1.NamespaceCondition',
  "One aspect of a namespace's state.",
  {
    type: req(named('v1.NamespaceConditionType'), 1, 'Name of the aspect.'),
    status: req(named('v1.ConditionStatus'), 2, 'True, False or Unknown.'),
    lastTransitionTime: f(time, 4, 'When the status last changed.', { always: null }),
    reason: f(string, 5, 'Why the status is what it is, in one CamelCase word.'),
    message: f(string, 6, 'What it means, for people.'),
  },
);
export type NamespaceCondition = Infer<typeof namespaceCondition>;

export const namespaceStatus = object('io.k8s.api.core.v1.NamespaceStatus', 'State of a namespace.', {
  phase: f(named('v1.NamespacePhase'), 1, 'Active or Terminating.', { fill: 'Active' }),
  conditions: f(list(namespaceCondition), 2, 'Aspects of its state, mostly of its end.', {
    listType: 'map',
    mapKeys: ['type'],
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
});
export type NamespaceStatus = Infer<typeof namespaceStatus>;

export const namespace = object(
  'io.k8s.api.core.v1.Namespace',
  'A room for names: objects of different namespaces do not meet.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(namespaceSpec, 2, 'What it waits for before it goes.', { always: {} }),
    status: f(namespaceStatus, 3, 'How it is.', { always: {} }),
  },
  { gvk: ['v1 Namespace'] },
);
export type Namespace = Stored<typeof namespace, 'spec'>;
