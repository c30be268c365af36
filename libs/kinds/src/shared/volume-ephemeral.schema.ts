import { f, type Infer, list, object, req, string } from '#model';
import { labelSelector, objectMeta } from './meta.schema.js';
import { typedLocalObjectReference, typedObjectReference } from './references.schema.js';
import { volumeResourceRequirements } from './resources.schema.js';

export const persistentVolumeClaimSpec = object('io.k8s.api.core.v1.PersistentVolumeClaimSpec', '', {
  accessModes: f(list(string), 1, '', { listType: 'atomic' }),
  dataSource: f(typedLocalObjectReference, 7, ''),
  dataSourceRef: f(typedObjectReference, 8, ''),
  resources: f(volumeResourceRequirements, 2, '', { always: {} }),
  selector: f(labelSelector, 4, ''),
  storageClassName: f(string, 5, '', { pointer: true }),
  volumeAttributesClassName: f(string, 9, '', { pointer: true }),
  volumeMode: f(string, 6, '', { fill: 'Filesystem', pointer: true }),
  volumeName: f(string, 3, ''),
});
export type PersistentVolumeClaimSpec = Infer<typeof persistentVolumeClaimSpec>;

export const persistentVolumeClaimTemplate = object('io.k8s.api.core.v1.PersistentVolumeClaimTemplate', '', {
  metadata: f(objectMeta, 1, '', { always: {} }),
  spec: req(persistentVolumeClaimSpec, 2, '', { always: {} }),
});
export type PersistentVolumeClaimTemplate = Infer<typeof persistentVolumeClaimTemplate>;

export const ephemeralVolumeSource = object('io.k8s.api.core.v1.EphemeralVolumeSource', '', {
  volumeClaimTemplate: f(persistentVolumeClaimTemplate, 1, ''),
});
export type EphemeralVolumeSource = Infer<typeof ephemeralVolumeSource>;
