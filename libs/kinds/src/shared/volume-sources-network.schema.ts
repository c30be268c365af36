import { boolean, f, type Infer, int32, list, map, object, req, string } from '#model';
import { localObjectReference } from './references.schema.js';

export const cephFSVolumeSource = object('io.k8s.api.core.v1.CephFSVolumeSource', '', {
  monitors: req(list(string), 1, '', { listType: 'atomic', always: null }),
  path: f(string, 2, ''),
  readOnly: f(boolean, 6, ''),
  secretFile: f(string, 4, ''),
  secretRef: f(localObjectReference, 5, ''),
  user: f(string, 3, ''),
});
export type CephFSVolumeSource = Infer<typeof cephFSVolumeSource>;

export const csiVolumeSource = object('io.k8s.api.core.v1.CSIVolumeSource', '', {
  driver: req(string, 1, ''),
  fsType: f(string, 3, '', { pointer: true }),
  nodePublishSecretRef: f(localObjectReference, 5, ''),
  readOnly: f(boolean, 2, '', { pointer: true }),
  volumeAttributes: f(map(string), 4, ''),
});
export type CSIVolumeSource = Infer<typeof csiVolumeSource>;

export const fcVolumeSource = object('io.k8s.api.core.v1.FCVolumeSource', '', {
  fsType: f(string, 3, ''),
  lun: f(int32, 2, '', { pointer: true }),
  readOnly: f(boolean, 4, ''),
  targetWWNs: f(list(string), 1, '', { listType: 'atomic' }),
  wwids: f(list(string), 5, '', { listType: 'atomic' }),
});
export type FCVolumeSource = Infer<typeof fcVolumeSource>;

export const flexVolumeSource = object('io.k8s.api.core.v1.FlexVolumeSource', '', {
  driver: req(string, 1, ''),
  fsType: f(string, 2, ''),
  options: f(map(string), 5, ''),
  readOnly: f(boolean, 4, ''),
  secretRef: f(localObjectReference, 3, ''),
});
export type FlexVolumeSource = Infer<typeof flexVolumeSource>;

export const glusterfsVolumeSource = object('io.k8s.api.core.v1.GlusterfsVolumeSource', '', {
  endpoints: req(string, 1, ''),
  path: req(string, 2, ''),
  readOnly: f(boolean, 3, ''),
});
export type GlusterfsVolumeSource = Infer<typeof glusterfsVolumeSource>;

export const iscsiVolumeSource = object('io.k8s.api.core.v1.ISCSIVolumeSource', '', {
  chapAuthDiscovery: f(boolean, 8, ''),
  chapAuthSession: f(boolean, 11, ''),
  fsType: f(string, 5, ''),
  initiatorName: f(string, 12, '', { pointer: true }),
  iqn: req(string, 2, ''),
  iscsiInterface: f(string, 4, '', { default: 'default' }),
  lun: req(int32, 3, ''),
  portals: f(list(string), 7, '', { listType: 'atomic' }),
  readOnly: f(boolean, 6, ''),
  secretRef: f(localObjectReference, 10, ''),
  targetPortal: req(string, 1, ''),
});
export type ISCSIVolumeSource = Infer<typeof iscsiVolumeSource>;

export const nfsVolumeSource = object('io.k8s.api.core.v1.NFSVolumeSource', '', {
  path: req(string, 2, ''),
  readOnly: f(boolean, 3, ''),
  server: req(string, 1, ''),
});
export type NFSVolumeSource = Infer<typeof nfsVolumeSource>;

export const rbdVolumeSource = object('io.k8s.api.core.v1.RBDVolumeSource', '', {
  fsType: f(string, 3, ''),
  image: req(string, 2, ''),
  keyring: f(string, 6, '', { default: '/etc/ceph/keyring' }),
  monitors: req(list(string), 1, '', { listType: 'atomic', always: null }),
  pool: f(string, 4, '', { default: 'rbd' }),
  readOnly: f(boolean, 8, ''),
  secretRef: f(localObjectReference, 7, ''),
  user: f(string, 5, '', { default: 'admin' }),
});
export type RBDVolumeSource = Infer<typeof rbdVolumeSource>;
