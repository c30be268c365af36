import { f, type Infer, object, req, string } from '#model';
import { ephemeralVolumeSource } from './volume-ephemeral.schema.js';
import { projectedVolumeSource } from './volume-projected.schema.js';
import {
  awsElasticBlockStoreVolumeSource,
  azureDiskVolumeSource,
  azureFileVolumeSource,
  cinderVolumeSource,
  flockerVolumeSource,
  gcePersistentDiskVolumeSource,
  photonPersistentDiskVolumeSource,
  portworxVolumeSource,
  quobyteVolumeSource,
  scaleIOVolumeSource,
  storageOSVolumeSource,
  vsphereVirtualDiskVolumeSource,
} from './volume-sources-cloud.schema.js';
import {
  configMapVolumeSource,
  downwardAPIVolumeSource,
  emptyDirVolumeSource,
  gitRepoVolumeSource,
  hostPathVolumeSource,
  imageVolumeSource,
  persistentVolumeClaimVolumeSource,
  secretVolumeSource,
} from './volume-sources-local.schema.js';
import {
  cephFSVolumeSource,
  csiVolumeSource,
  fcVolumeSource,
  flexVolumeSource,
  glusterfsVolumeSource,
  iscsiVolumeSource,
  nfsVolumeSource,
  rbdVolumeSource,
} from './volume-sources-network.schema.js';

export const volume = object(
  'io.k8s.api.core.v1.Volume',
  'A volume that containers of the pod can mount; it has one source.',
  {
    name: req(string, 1, 'Name of the volume, unique in the pod.'),
    hostPath: f(hostPathVolumeSource, 1, 'A file or folder of the node.', { inline: [2] }),
    emptyDir: f(emptyDirVolumeSource, 2, 'An empty folder that lives as long as the pod.', { inline: [2] }),
    gcePersistentDisk: f(gcePersistentDiskVolumeSource, 3, 'A persistent disk of Google Compute Engine.', {
      inline: [2],
    }),
    awsElasticBlockStore: f(awsElasticBlockStoreVolumeSource, 4, 'A disk of Amazon EBS.', { inline: [2] }),
    gitRepo: f(gitRepoVolumeSource, 5, 'A copy of a git repository; no longer allowed by default.', { inline: [2] }),
    secret: f(secretVolumeSource, 6, 'The values of a Secret, as files.', { inline: [2] }),
    nfs: f(nfsVolumeSource, 7, 'A folder that an NFS server shares.', { inline: [2] }),
    iscsi: f(iscsiVolumeSource, 8, 'A disk over iSCSI.', { inline: [2] }),
    glusterfs: f(glusterfsVolumeSource, 9, 'A volume of GlusterFS; no longer works.', { inline: [2] }),
    persistentVolumeClaim: f(persistentVolumeClaimVolumeSource, 10, 'The volume behind a claim.', { inline: [2] }),
    rbd: f(rbdVolumeSource, 11, 'A block device of Ceph; no longer works.', { inline: [2] }),
    flexVolume: f(flexVolumeSource, 12, 'A volume of an exec plugin.', { inline: [2] }),
    cinder: f(cinderVolumeSource, 13, 'A disk of OpenStack Cinder.', { inline: [2] }),
    cephfs: f(cephFSVolumeSource, 14, 'A CephFS file system; no longer works.', { inline: [2] }),
    flocker: f(flockerVolumeSource, 15, 'A dataset of Flocker; no longer works.', { inline: [2] }),
    downwardAPI: f(downwardAPIVolumeSource, 16, 'Parts of the pod, as files.', { inline: [2] }),
    fc: f(fcVolumeSource, 17, 'A disk on Fibre Channel.', { inline: [2] }),
    azureFile: f(azureFileVolumeSource, 18, 'A file share of Azure.', { inline: [2] }),
    configMap: f(configMapVolumeSource, 19, 'The values of a ConfigMap, as files.', { inline: [2] }),
    vsphereVolume: f(vsphereVirtualDiskVolumeSource, 20, 'A virtual disk of vSphere.', { inline: [2] }),
    quobyte: f(quobyteVolumeSource, 21, 'A volume of Quobyte; no longer works.', { inline: [2] }),
    azureDisk: f(azureDiskVolumeSource, 22, 'A data disk of Azure.', { inline: [2] }),
    photonPersistentDisk: f(photonPersistentDiskVolumeSource, 23, 'A disk of Photon Controller; no longer works.', {
      inline: [2],
    }),
    projected: f(projectedVolumeSource, 26, 'Several sources in one folder.', { inline: [2] }),
    portworxVolume: f(portworxVolumeSource, 24, 'A volume of Portworx.', { inline: [2] }),
    scaleIO: f(scaleIOVolumeSource, 25, 'A volume of ScaleIO; no longer works.', { inline: [2] }),
    storageos: f(storageOSVolumeSource, 27, 'A volume of StorageOS; no longer works.', { inline: [2] }),
    csi: f(csiVolumeSource, 28, 'A volume that a CSI driver makes for the pod.', { inline: [2] }),
    ephemeral: f(ephemeralVolumeSource, 29, 'A volume that is made with the pod and goes with it.', { inline: [2] }),
    image: f(imageVolumeSource, 30, 'The files of an image.', { inline: [2] }),
  },
);
export type Volume = Infer<typeof volume>;
