import {
  f,
  type Infer,
  list,
  named,
  object,
  req,
  string,
  labelSelector,
  objectMeta,
  typedLocalObjectReference,
  typedObjectReference,
} from '#model';
import { volumeResourceRequirements } from './resources.schema.js';

export const persistentVolumeClaimSpec = object(
  'io.k8s.api.core.v1.PersistentVolumeClaimSpec',
  'What kind of storage is asked for.',
  {
    accessModes: f(
      list(string),
      1,
      'How it is to be mounted: ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod.',
      { listType: 'atomic' },
    ),
    selector: f(labelSelector, 4, 'Labels of the volumes that may be taken.'),
    resources: f(volumeResourceRequirements, 2, 'How much storage is needed.', { always: {} }),
    volumeName: f(string, 3, 'Volume that the claim is bound to.'),
    storageClassName: f(string, 5, 'Class of the storage; empty means none.', { pointer: true }),
    volumeMode: f(named('v1.PersistentVolumeMode'), 6, 'Filesystem or Block.', { fill: 'Filesystem', pointer: true }),
    dataSource: f(typedLocalObjectReference, 7, 'Snapshot or claim whose content it starts with.'),
    dataSourceRef: f(typedObjectReference, 8, 'Any object that can fill it, also of another namespace.'),
    volumeAttributesClassName: f(string, 9, 'Class of settings that can be changed later.', { pointer: true }),
  },
);
export type PersistentVolumeClaimSpec = Infer<typeof persistentVolumeClaimSpec>;

export const persistentVolumeClaimTemplate = object(
  'io.k8s.api.core.v1.PersistentVolumeClaimTemplate',
  'A claim that is made for a pod.',
  {
    metadata: f(objectMeta, 1, 'Labels and annotations for the claim.', { always: {} }),
    spec: req(persistentVolumeClaimSpec, 2, 'What kind of storage is asked for.', { always: {} }),
  },
);
export type PersistentVolumeClaimTemplate = Infer<typeof persistentVolumeClaimTemplate>;

export const ephemeralVolumeSource = object(
  'io.k8s.api.core.v1.EphemeralVolumeSource',
  'A volume that is made with the pod and goes with it.',
  {
    volumeClaimTemplate: f(
      persistentVolumeClaimTemplate,
      1,
      "The claim that is made; its name is the pod's and the volume's.",
    ),
  },
);
export type EphemeralVolumeSource = Infer<typeof ephemeralVolumeSource>;
