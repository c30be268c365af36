import { boolean, f, type Infer, int32, object, req, string } from '#model';
import { localObjectReference } from './references.schema.js';

export const awsElasticBlockStoreVolumeSource = object('io.k8s.api.core.v1.AWSElasticBlockStoreVolumeSource', '', {
  fsType: f(string, 2, ''),
  partition: f(int32, 3, ''),
  readOnly: f(boolean, 4, ''),
  volumeID: req(string, 1, ''),
});
export type AWSElasticBlockStoreVolumeSource = Infer<typeof awsElasticBlockStoreVolumeSource>;

export const azureDiskVolumeSource = object('io.k8s.api.core.v1.AzureDiskVolumeSource', '', {
  cachingMode: f(string, 3, '', { default: 'ReadWrite', pointer: true }),
  diskName: req(string, 1, ''),
  diskURI: req(string, 2, ''),
  fsType: f(string, 4, '', { default: 'ext4', pointer: true }),
  kind: f(string, 6, '', { default: 'Shared', pointer: true }),
  readOnly: f(boolean, 5, '', { pointer: true }),
});
export type AzureDiskVolumeSource = Infer<typeof azureDiskVolumeSource>;

export const azureFileVolumeSource = object('io.k8s.api.core.v1.AzureFileVolumeSource', '', {
  readOnly: f(boolean, 3, ''),
  secretName: req(string, 1, ''),
  shareName: req(string, 2, ''),
});
export type AzureFileVolumeSource = Infer<typeof azureFileVolumeSource>;

export const cinderVolumeSource = object('io.k8s.api.core.v1.CinderVolumeSource', '', {
  fsType: f(string, 2, ''),
  readOnly: f(boolean, 3, ''),
  secretRef: f(localObjectReference, 4, ''),
  volumeID: req(string, 1, ''),
});
export type CinderVolumeSource = Infer<typeof cinderVolumeSource>;

export const gcePersistentDiskVolumeSource = object('io.k8s.api.core.v1.GCEPersistentDiskVolumeSource', '', {
  fsType: f(string, 2, ''),
  partition: f(int32, 3, ''),
  pdName: req(string, 1, ''),
  readOnly: f(boolean, 4, ''),
});
export type GCEPersistentDiskVolumeSource = Infer<typeof gcePersistentDiskVolumeSource>;

export const photonPersistentDiskVolumeSource = object('io.k8s.api.core.v1.PhotonPersistentDiskVolumeSource', '', {
  fsType: f(string, 2, ''),
  pdID: req(string, 1, ''),
});
export type PhotonPersistentDiskVolumeSource = Infer<typeof photonPersistentDiskVolumeSource>;

export const portworxVolumeSource = object('io.k8s.api.core.v1.PortworxVolumeSource', '', {
  fsType: f(string, 2, ''),
  readOnly: f(boolean, 3, ''),
  volumeID: req(string, 1, ''),
});
export type PortworxVolumeSource = Infer<typeof portworxVolumeSource>;

export const scaleIOVolumeSource = object('io.k8s.api.core.v1.ScaleIOVolumeSource', '', {
  fsType: f(string, 9, '', { default: 'xfs' }),
  gateway: req(string, 1, ''),
  protectionDomain: f(string, 5, ''),
  readOnly: f(boolean, 10, ''),
  secretRef: req(localObjectReference, 3, '', { always: null }),
  sslEnabled: f(boolean, 4, ''),
  storageMode: f(string, 7, '', { default: 'ThinProvisioned' }),
  storagePool: f(string, 6, ''),
  system: req(string, 2, ''),
  volumeName: f(string, 8, ''),
});
export type ScaleIOVolumeSource = Infer<typeof scaleIOVolumeSource>;

export const storageOSVolumeSource = object('io.k8s.api.core.v1.StorageOSVolumeSource', '', {
  fsType: f(string, 3, ''),
  readOnly: f(boolean, 4, ''),
  secretRef: f(localObjectReference, 5, ''),
  volumeName: f(string, 1, ''),
  volumeNamespace: f(string, 2, ''),
});
export type StorageOSVolumeSource = Infer<typeof storageOSVolumeSource>;

export const vsphereVirtualDiskVolumeSource = object('io.k8s.api.core.v1.VsphereVirtualDiskVolumeSource', '', {
  fsType: f(string, 2, ''),
  storagePolicyID: f(string, 4, ''),
  storagePolicyName: f(string, 3, ''),
  volumePath: req(string, 1, ''),
});
export type VsphereVirtualDiskVolumeSource = Infer<typeof vsphereVirtualDiskVolumeSource>;

export const quobyteVolumeSource = object('io.k8s.api.core.v1.QuobyteVolumeSource', '', {
  group: f(string, 5, ''),
  readOnly: f(boolean, 3, ''),
  registry: req(string, 1, ''),
  tenant: f(string, 6, ''),
  user: f(string, 4, ''),
  volume: req(string, 2, ''),
});
export type QuobyteVolumeSource = Infer<typeof quobyteVolumeSource>;

export const flockerVolumeSource = object('io.k8s.api.core.v1.FlockerVolumeSource', '', {
  datasetName: f(string, 1, ''),
  datasetUUID: f(string, 2, ''),
});
export type FlockerVolumeSource = Infer<typeof flockerVolumeSource>;
