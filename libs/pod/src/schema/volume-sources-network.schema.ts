import { boolean, f, type Infer, int32, list, map, object, req, string, localObjectReference } from '#model';

export const cephFSVolumeSource = object(
  'io.k8s.api.core.v1.CephFSVolumeSource',
  'A CephFS file system; no longer works.',
  {
    monitors: req(list(string), 1, 'Addresses of the monitors.', { listType: 'atomic', always: null }),
    path: f(string, 2, 'Folder to mount; / where nothing is said.'),
    user: f(string, 3, 'User of the file system.'),
    secretFile: f(string, 4, "File with the user's key."),
    secretRef: f(localObjectReference, 5, "Secret with the user's key; wins over secretFile."),
    readOnly: f(boolean, 6, 'Whether it cannot be written.'),
  },
);
export type CephFSVolumeSource = Infer<typeof cephFSVolumeSource>;

export const csiVolumeSource = object(
  'io.k8s.api.core.v1.CSIVolumeSource',
  'A volume that a CSI driver makes for the pod.',
  {
    driver: req(string, 1, 'Name of the driver.'),
    readOnly: f(boolean, 2, 'Whether it cannot be written.', { pointer: true }),
    fsType: f(string, 3, "File system to mount; the driver's choice where nothing is said.", { pointer: true }),
    volumeAttributes: f(map(string), 4, 'Settings that the driver understands.'),
    nodePublishSecretRef: f(localObjectReference, 5, 'Secret for the driver when it mounts.'),
  },
);
export type CSIVolumeSource = Infer<typeof csiVolumeSource>;

export const fcVolumeSource = object('io.k8s.api.core.v1.FCVolumeSource', 'A disk on Fibre Channel.', {
  targetWWNs: f(list(string), 1, 'World-wide names of the targets.', { listType: 'atomic' }),
  lun: f(int32, 2, 'Number of the logical unit.', { pointer: true }),
  fsType: f(string, 3, 'File system to mount.'),
  readOnly: f(boolean, 4, 'Whether it cannot be written.'),
  wwids: f(list(string), 5, 'World-wide identifiers, instead of targets and lun.', { listType: 'atomic' }),
});
export type FCVolumeSource = Infer<typeof fcVolumeSource>;

export const flexVolumeSource = object(
  'io.k8s.api.core.v1.FlexVolumeSource',
  'A volume of an exec plugin; CSI has taken its place.',
  {
    driver: req(string, 1, 'Name of the plugin.'),
    fsType: f(string, 2, 'File system to mount.'),
    secretRef: f(localObjectReference, 3, 'Secret for the plugin.'),
    readOnly: f(boolean, 4, 'Whether it cannot be written.'),
    options: f(map(string), 5, 'Settings that the plugin understands.'),
  },
);
export type FlexVolumeSource = Infer<typeof flexVolumeSource>;

export const glusterfsVolumeSource = object(
  'io.k8s.api.core.v1.GlusterfsVolumeSource',
  'A volume of GlusterFS; no longer works.',
  {
    endpoints: req(string, 1, 'Name of the Endpoints of the storage.'),
    path: req(string, 2, 'Name of the volume there.'),
    readOnly: f(boolean, 3, 'Whether it cannot be written.'),
  },
);
export type GlusterfsVolumeSource = Infer<typeof glusterfsVolumeSource>;

export const iscsiVolumeSource = object('io.k8s.api.core.v1.ISCSIVolumeSource', 'A disk over iSCSI.', {
  targetPortal: req(string, 1, 'Address of the portal.'),
  iqn: req(string, 2, 'Qualified name of the target.'),
  lun: req(int32, 3, 'Number of the logical unit.'),
  iscsiInterface: f(string, 4, 'Interface to use; default is plain TCP.', { default: 'default' }),
  fsType: f(string, 5, 'File system to mount.'),
  readOnly: f(boolean, 6, 'Whether it cannot be written.'),
  portals: f(list(string), 7, 'Further portals of the target.', { listType: 'atomic' }),
  chapAuthDiscovery: f(boolean, 8, 'Whether CHAP is used for discovery.'),
  chapAuthSession: f(boolean, 11, 'Whether CHAP is used for the session.'),
  secretRef: f(localObjectReference, 10, 'Secret with the CHAP login.'),
  initiatorName: f(string, 12, "Name of the initiator, in place of the node's.", { pointer: true }),
});
export type ISCSIVolumeSource = Infer<typeof iscsiVolumeSource>;

export const nfsVolumeSource = object('io.k8s.api.core.v1.NFSVolumeSource', 'A folder that an NFS server shares.', {
  server: req(string, 1, 'Host name or address of the server.'),
  path: req(string, 2, 'Path that the server exports.'),
  readOnly: f(boolean, 3, 'Whether it cannot be written.'),
});
export type NFSVolumeSource = Infer<typeof nfsVolumeSource>;

export const rbdVolumeSource = object(
  'io.k8s.api.core.v1.RBDVolumeSource',
  'A block device of Ceph; no longer works.',
  {
    monitors: req(list(string), 1, 'Addresses of the monitors.', { listType: 'atomic', always: null }),
    image: req(string, 2, 'Name of the image.'),
    fsType: f(string, 3, 'File system to mount.'),
    pool: f(string, 4, 'Pool of the image.', { default: 'rbd' }),
    user: f(string, 5, 'User of the storage.', { default: 'admin' }),
    keyring: f(string, 6, "File with the user's key.", { default: '/etc/ceph/keyring' }),
    secretRef: f(localObjectReference, 7, "Secret with the user's key; wins over keyring."),
    readOnly: f(boolean, 8, 'Whether it cannot be written.'),
  },
);
export type RBDVolumeSource = Infer<typeof rbdVolumeSource>;
