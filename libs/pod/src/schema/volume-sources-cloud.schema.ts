import { boolean, f, type Infer, int32, object, req, string, localObjectReference } from '#model';

export const awsElasticBlockStoreVolumeSource = object(
  'io.k8s.api.core.v1.AWSElasticBlockStoreVolumeSource',
  'A disk of Amazon EBS.',
  {
    volumeID: req(string, 1, 'Id of the disk.'),
    fsType: f(string, 2, 'File system to mount; ext4 where nothing is said.'),
    partition: f(int32, 3, 'Number of the partition to mount.'),
    readOnly: f(boolean, 4, 'Whether it cannot be written.'),
  },
);
export type AWSElasticBlockStoreVolumeSource = Infer<typeof awsElasticBlockStoreVolumeSource>;

export const azureDiskVolumeSource = object('io.k8s.api.core.v1.AzureDiskVolumeSource', 'A data disk of Azure.', {
  diskName: req(string, 1, 'Name of the disk.'),
  diskURI: req(string, 2, 'Address of the disk.'),
  cachingMode: f(string, 3, 'How the host caches: None, ReadOnly or ReadWrite.', {
    default: 'ReadWrite',
    pointer: true,
  }),
  fsType: f(string, 4, 'File system to mount.', { default: 'ext4', pointer: true }),
  readOnly: f(boolean, 5, 'Whether it cannot be written.', { default: false, pointer: true }),
  kind: f(string, 6, 'Shared, Dedicated or Managed.', { default: 'Shared', pointer: true }),
});
export type AzureDiskVolumeSource = Infer<typeof azureDiskVolumeSource>;

export const azureFileVolumeSource = object('io.k8s.api.core.v1.AzureFileVolumeSource', 'A file share of Azure.', {
  secretName: req(string, 1, 'Secret with account name and key.'),
  shareName: req(string, 2, 'Name of the share.'),
  readOnly: f(boolean, 3, 'Whether it cannot be written.'),
});
export type AzureFileVolumeSource = Infer<typeof azureFileVolumeSource>;

export const cinderVolumeSource = object('io.k8s.api.core.v1.CinderVolumeSource', 'A disk of OpenStack Cinder.', {
  volumeID: req(string, 1, 'Id of the disk.'),
  fsType: f(string, 2, 'File system to mount; ext4 where nothing is said.'),
  readOnly: f(boolean, 3, 'Whether it cannot be written.'),
  secretRef: f(localObjectReference, 4, 'Secret with what OpenStack wants to know.'),
});
export type CinderVolumeSource = Infer<typeof cinderVolumeSource>;

export const gcePersistentDiskVolumeSource = object(
  'io.k8s.api.core.v1.GCEPersistentDiskVolumeSource',
  'A persistent disk of Google Compute Engine.',
  {
    pdName: req(string, 1, 'Name of the disk.'),
    fsType: f(string, 2, 'File system to mount; ext4 where nothing is said.'),
    partition: f(int32, 3, 'Number of the partition to mount.'),
    readOnly: f(boolean, 4, 'Whether it cannot be written.'),
  },
);
export type GCEPersistentDiskVolumeSource = Infer<typeof gcePersistentDiskVolumeSource>;

export const photonPersistentDiskVolumeSource = object(
  'io.k8s.api.core.v1.PhotonPersistentDiskVolumeSource',
  'A disk of Photon Controller; no longer works.',
  {
    pdID: req(string, 1, 'Id of the disk.'),
    fsType: f(string, 2, 'File system to mount.'),
  },
);
export type PhotonPersistentDiskVolumeSource = Infer<typeof photonPersistentDiskVolumeSource>;

export const portworxVolumeSource = object('io.k8s.api.core.v1.PortworxVolumeSource', 'A volume of Portworx.', {
  volumeID: req(string, 1, 'Id of the volume.'),
  fsType: f(string, 2, 'File system to mount.'),
  readOnly: f(boolean, 3, 'Whether it cannot be written.'),
});
export type PortworxVolumeSource = Infer<typeof portworxVolumeSource>;

export const scaleIOVolumeSource = object(
  'io.k8s.api.core.v1.ScaleIOVolumeSource',
  'A volume of ScaleIO; no longer works.',
  {
    gateway: req(string, 1, 'Address of the gateway.'),
    system: req(string, 2, 'Name of the storage system.'),
    secretRef: req(localObjectReference, 3, 'Secret with the login.', { always: null }),
    sslEnabled: f(boolean, 4, 'Whether the gateway is spoken to over TLS.'),
    protectionDomain: f(string, 5, 'Protection domain of the storage.'),
    storagePool: f(string, 6, 'Pool of the protection domain.'),
    storageMode: f(string, 7, 'ThickProvisioned or ThinProvisioned.', { default: 'ThinProvisioned' }),
    volumeName: f(string, 8, 'Name of the volume there.'),
    fsType: f(string, 9, 'File system to mount; xfs where nothing is said.', { default: 'xfs' }),
    readOnly: f(boolean, 10, 'Whether it cannot be written.'),
  },
);
export type ScaleIOVolumeSource = Infer<typeof scaleIOVolumeSource>;

export const storageOSVolumeSource = object(
  'io.k8s.api.core.v1.StorageOSVolumeSource',
  'A volume of StorageOS; no longer works.',
  {
    volumeName: f(string, 1, 'Name of the volume.'),
    volumeNamespace: f(string, 2, "Namespace of the volume in StorageOS; the pod's where nothing is said."),
    fsType: f(string, 3, 'File system to mount.'),
    readOnly: f(boolean, 4, 'Whether it cannot be written.'),
    secretRef: f(localObjectReference, 5, 'Secret with the login.'),
  },
);
export type StorageOSVolumeSource = Infer<typeof storageOSVolumeSource>;

export const vsphereVirtualDiskVolumeSource = object(
  'io.k8s.api.core.v1.VsphereVirtualDiskVolumeSource',
  'A virtual disk of vSphere.',
  {
    volumePath: req(string, 1, 'Path of the disk file.'),
    fsType: f(string, 2, 'File system to mount.'),
    storagePolicyName: f(string, 3, 'Name of the storage policy.'),
    storagePolicyID: f(string, 4, 'Id of the storage policy.'),
  },
);
export type VsphereVirtualDiskVolumeSource = Infer<typeof vsphereVirtualDiskVolumeSource>;

export const quobyteVolumeSource = object(
  'io.k8s.api.core.v1.QuobyteVolumeSource',
  'A volume of Quobyte; no longer works.',
  {
    registry: req(string, 1, 'Registries as host:port, separated by commas.'),
    volume: req(string, 2, 'Name of the volume.'),
    readOnly: f(boolean, 3, 'Whether it cannot be written.'),
    user: f(string, 4, 'User that mounts it.'),
    group: f(string, 5, 'Group that mounts it.'),
    tenant: f(string, 6, 'Tenant that owns the volume.'),
  },
);
export type QuobyteVolumeSource = Infer<typeof quobyteVolumeSource>;

export const flockerVolumeSource = object(
  'io.k8s.api.core.v1.FlockerVolumeSource',
  'A dataset of Flocker; no longer works.',
  {
    datasetName: f(string, 1, 'Name of the dataset; datasetUUID is better.'),
    datasetUUID: f(string, 2, 'UUID of the dataset.'),
  },
);
export type FlockerVolumeSource = Infer<typeof flockerVolumeSource>;
