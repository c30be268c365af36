import { f, type Infer, list, map, object, objectMeta, quantity, req, string } from '#model';
import type { Stored } from '#model';
import { toleration } from '#pod';

export const overhead = object('io.k8s.api.node.v1.Overhead', 'What running a pod costs besides its containers.', {
  podFixed: f(map(quantity), 1, 'Amounts by resource name, the same for every pod of the class.'),
});

export const scheduling = object('io.k8s.api.node.v1.Scheduling', 'Nodes that support a runtime class.', {
  nodeSelector: f(map(string), 1, 'Labels of these nodes; merged into the node selector of pods of the class.', {
    mapType: 'atomic',
  }),
  tolerations: f(list(toleration), 2, 'Added to the tolerations of pods of the class.', { listType: 'atomic' }),
});
export type Scheduling = Infer<typeof scheduling>;

export const runtimeClass = object(
  'io.k8s.api.node.v1.RuntimeClass',
  'A name for a runtime that nodes are configured with; pods select it by `runtimeClassName`.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    handler: req(string, 2, 'Name of the runtime in the configuration of the nodes. Immutable.'),
    overhead: f(overhead, 3, 'What running a pod of the class costs besides its containers.'),
    scheduling: f(scheduling, 4, 'Nodes that support the class; all nodes if absent.'),
  },
  { gvk: ['node.k8s.io/v1 RuntimeClass'] },
);
export type RuntimeClass = Stored<typeof runtimeClass>;
