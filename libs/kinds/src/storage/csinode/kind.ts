import { standardKind } from '#model';
import { ageColumn, column, nameColumn } from '../../columns.js';
import { items } from '../../validation/checks.js';
import { csiNode, type CsiNode } from './schema.js';
import { validateCsiNode, validateCsiNodeUpdate } from './validate.js';

/** The CSI drivers of a node, which has the same name. */
export const csiNodeKind = standardKind<CsiNode>({
  names: { group: 'storage.k8s.io', version: 'v1', kind: 'CSINode', plural: 'csinodes', namespaced: false },
  schema: csiNode,
  columns: [
    nameColumn,
    column<CsiNode>('Drivers', 'Number of its CSI drivers', ({ spec }) => items(spec.drivers).length, {
      type: 'integer',
    }),
    ageColumn,
  ],
  strategy: {
    revalidatesMetadata: true,
    unconditionalUpdate: false,
    answersDeletionWithObject: true,
    prepareCreate: withoutEmptyLists,
    // What goes with the update is never stored, and is answered as it was sent.
    prepareUpdate: (object, { metadata }) =>
      metadata.deletionTimestamp !== undefined && items(object.metadata.finalizers).length === 0
        ? object
        : withoutEmptyLists(object),
    validate: validateCsiNode,
    validateUpdate: validateCsiNodeUpdate,
  },
});

/** An empty list is stored as none: protobuf, in which Kubernetes stores CSINodes, cannot tell them apart. */
function withoutEmptyLists(object: CsiNode): CsiNode {
  const drivers = items(object.spec.drivers);
  if (drivers.length > 0 && !drivers.some(({ topologyKeys }) => topologyKeys?.length === 0)) return object;
  const stored = drivers.map((driver) =>
    driver.topologyKeys?.length === 0 ? { ...driver, topologyKeys: null } : driver,
  );
  return { ...object, spec: { ...object.spec, drivers: stored.length === 0 ? null : stored } } as unknown as CsiNode;
}
