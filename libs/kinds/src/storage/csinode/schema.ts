import { f, type Infer, int32, list, object, objectMeta, req, string, type Stored } from '#model';

export const volumeNodeResources = object('io.k8s.api.storage.v1.VolumeNodeResources', 'Limits of volumes on a node.', {
  count: f(int32, 1, 'How many volumes of the driver the node can use at once; no limit if absent.', { pointer: true }),
});

export const csiNodeDriver = object('io.k8s.api.storage.v1.CSINodeDriver', 'A CSI driver that runs on the node.', {
  name: req(string, 1, 'Name of the driver, as it reports it.'),
  nodeID: req(string, 2, "Name of the node in the driver's own system."),
  topologyKeys: f(list(string), 3, 'Labels of the node that say where its volumes can be reached.', {
    ...{ listType: 'atomic', always: null },
  }),
  allocatable: f(volumeNodeResources, 4, 'How many volumes of the driver the node can use.'),
});
export type CsiNodeDriver = Infer<typeof csiNodeDriver>;

export const csiNodeSpec = object('io.k8s.api.storage.v1.CSINodeSpec', 'The CSI drivers of a node.', {
  drivers: req(list(csiNodeDriver), 1, 'The drivers, one for each name.', {
    ...{ listType: 'map', mapKeys: ['name'], mergeKey: 'name', patchStrategy: 'merge', always: null },
  }),
});

export const csiNode = object(
  'io.k8s.api.storage.v1.CSINode',
  'The CSI drivers of the node of the same name.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: req(csiNodeSpec, 2, 'The drivers.', { always: {} }),
  },
  { gvk: ['storage.k8s.io/v1 CSINode'] },
);
export type CsiNode = Stored<typeof csiNode, 'spec'>;
